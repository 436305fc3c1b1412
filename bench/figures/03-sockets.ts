import { readdirSync, readlinkSync } from 'node:fs'
import type { Figure, Measured } from '../figure.ts'
import { startProgram } from '../program.ts'
import type { Polled, Polls } from '../programs/switch-poll.ts'
import { startResponder } from '../responder.ts'

const devices = 5000
const most = 8

export const figure: Figure = {
  id: 3,
  figure: 'sockets for 5,000 SNMP devices, source address checked',
  goal: '<= 8',
  run: measure,
}

async function measure(): Promise<Measured> {
  const agent = await startResponder(1)
  const siteward = await startProgram<Polls, Polled>('switch-poll', [String(agent.port)])
  try {
    const before = sockets(siteward.pid)
    const { series } = await siteward.ask({ devices, polls: 1, isExposed: false })
    if (series === 0) throw new Error('nothing was read')
    const value = sockets(siteward.pid) - before
    const detail = `each of ${devices} addresses polled; replies from another address are refused: test/collectors/snmp`
    return { value, met: value <= most, spread: 'counted in /proc', detail }
  } finally {
    await Promise.all([agent.stop(), siteward.stop()])
  }
}

function sockets(pid: number): number {
  const folder = `/proc/${pid}/fd`
  const targets = readdirSync(folder).map((name) => {
    try {
      return readlinkSync(`${folder}/${name}`)
    } catch {
      return ''
    }
  })
  return targets.filter((target) => target.startsWith('socket:')).length
}
