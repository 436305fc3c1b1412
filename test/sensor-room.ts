import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Collector, PollContext } from '../collectors/collector.ts'
import { modbus } from '../collectors/modbus/collector.ts'
import { readSite } from '../src/commands/site-file.ts'
import { Daemon } from '../src/daemon.ts'
import type { Alert } from '../src/model/alert.ts'
import { Harvest } from '../src/model/harvest.ts'
import { silent } from '../src/model/log.ts'
import { formatProblem } from '../src/model/problem.ts'
import { good } from '../src/model/result.ts'
import { openJournal } from '../src/store/journal.ts'
import { openWeb } from '../src/web/web-file.ts'
import { ManualClock } from './manual-clock.ts'

/** A whole daemon with a room's sensors on Modbus, by a site file. Only the wires to them, and time, are not real. */
export class SensorRoom {
  readonly clock: ManualClock
  readonly folder = mkdtempSync(join(tmpdir(), 'siteward-room-'))
  /** All that Alertmanager was told. */
  readonly alerts: Alert[] = []
  /** What the first register of every sensor holds, or of one by its device's name; undefined while it is silent. */
  sent: number | undefined = 241
  readonly sentBy = new Map<string, number | undefined>()
  #daemon: Daemon | undefined

  constructor(clock = new ManualClock()) {
    this.clock = clock
  }

  /** Where the daemon listens. */
  get url(): string {
    return this.#daemon?.url ?? ''
  }

  /** Writes a site file into the room's folder; its state lies beside it. */
  write(name: string, text: string): string {
    const file = join(this.folder, name)
    writeFileSync(file, `state_directory: ${this.folder}\n${text}`)
    return file
  }

  async start(file: string): Promise<void> {
    const { site, problems } = await readSite(file, {})
    if (site === undefined) throw new Error(problems.map(formatProblem).join('\n'))
    const post = async (list: readonly Alert[]) => {
      this.alerts.push(...list)
      return { kind: 'taken' } as const
    }
    this.#daemon = new Daemon({
      site: { ...site, alertmanagers: [new URL('http://peer')] },
      version: '0',
      collectors: new Map([['modbus', this.#collector()]]),
      journal: openJournal(this.folder, 1, () => {}),
      client: () => ({ url: 'http://peer', post, look: async () => ({ kind: 'closed' }) as const, close: () => {} }),
      clock: this.clock,
      random: () => 0.5,
      web: () => openWeb,
      log: silent,
    })
    await this.#daemon.start()
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop()
    this.#daemon = undefined
  }

  async end(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #collector(): Collector {
    return {
      ...modbus,
      prepare: ({ probe }, { name }, scope) => {
        const read = ({ witness }: PollContext, value = this.sentBy.has(name) ? this.sentBy.get(name) : this.sent) => {
          const harvest = new Harvest(scope, witness)
          for (const point of probe.points.slice(0, 1)) {
            if (value === undefined) harvest.fault('timeout', 'no answer', 1)
            else harvest.labelled(point, {}, value)
          }
          return harvest.result(1)
        }
        return good({
          ...{ endpoint: name, session: name, parallel: 1, cost: 0, close: async () => {} },
          poll: async (context: PollContext) => read(context),
          pollWith: async ({ raw, placed }, context) => {
            placed({ ok: true, value: 'register 0' })
            return read(context, Number(raw))
          },
        })
      },
    }
  }
}
