import type { Figure, Measured } from '../figure.ts'
import { startProgram } from '../program.ts'
import type { ReadCost, Reads } from '../programs/modbus-poll.ts'
import { compare } from '../rounds.ts'

const polls = { merged: 3000, single: 100 } as const
const most = 1 / 30

export const figure: Figure = {
  id: 9,
  figure: 'Modbus: CPU of a poll of 60 neighbouring points, against reading them one by one',
  goal: '<= 1/30 (0.0333)',
  run: measure,
}

async function measure(): Promise<Measured> {
  const responder = await startProgram<object, { port: number }>('modbus-responder')
  const { port } = await responder.ask({})
  const client = await startProgram<Reads, ReadCost>('modbus-poll', [String(port)])
  const read = async (merged: boolean): Promise<number> => {
    return (await client.ask({ polls: merged ? polls.merged : polls.single, merged })).ms
  }
  try {
    await read(true)
    await read(false)
    return await compare({ ours: () => read(true), theirs: () => read(false) }, most, 'ms a poll')
  } finally {
    await Promise.all([client.stop(), responder.stop()])
  }
}
