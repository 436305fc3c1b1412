import { good } from '../../src/model/result.ts'
import { Secret } from '../../src/model/secret.ts'
import type { Tap, Workbench } from '../collector.ts'
import { type BmcTexts, isBmc, readBmc } from './bmc-file.ts'
import { freeipmiCommand, ipmitoolCommand, type Target } from './commands.ts'
import type { Plan } from './compile.ts'
import { explain } from './explain.ts'
import { record } from './record.ts'
import type { BmcReader } from './transport.ts'

/** Recordings of what the tools wrote, and single readings from it. */
export const workbench: Workbench<Plan, BmcReader> = {
  recognises: isBmc,
  async play(text, file) {
    const bmc = readBmc(text, file)
    if (!bmc.ok) return bmc
    return good({
      address: '127.0.0.1',
      credential: { user: 'siteward', password: new Secret('siteward') },
      open: ({ target, patience }, tap) => playedBmc(bmc.value, target, patience, tap),
      reach: undefined,
      close: async () => {},
    })
  },
  record,
  explain,
}

/** A BMC that answers what the recording holds. No process is started; the command line is told as it would be. */
function playedBmc({ tool, texts }: BmcTexts, target: Target, patience: number, tap: Tap | undefined): BmcReader {
  let requests = 0
  const files = { folder: '-', configuration: '-', states: '-', password: '-' }
  return {
    get requests() {
      return requests
    },
    async read(ask) {
      requests++
      const text = texts.get(ask === 'readings' ? 'sensors' : ask)
      const order = [ask, target, files, patience] as const
      const command = tool === 'freeipmi' ? freeipmiCommand(...order) : ipmitoolCommand(...order)
      tap?.({ way: 'sent', bytes: Buffer.from(command.join(' ')) })
      if (text !== undefined) {
        tap?.({ way: 'received', bytes: Buffer.from(text) })
        return { kind: 'text', tool, text }
      }
      const detail = `the recording has nothing of ${ask}`
      return ask === 'dcmi' ? { kind: 'unsupported' } : { kind: 'fault', fault: 'protocol', detail }
    },
    close: async () => {},
  }
}
