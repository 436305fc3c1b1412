import { lookup } from 'node:dns/promises'
import type { Collector, DeviceEvent, EventSource } from '../../collectors/collector.ts'
import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import type { Site } from '../model/site.ts'
import { DeviceAddresses } from './device-addresses.ts'
import type { EventDesk } from './event-desk.ts'

/** How long the address behind a device's name is believed, of those that speak by themselves. */
const addressesLast: Milliseconds = 600_000

/** What listening is wired to. */
export interface ListeningParts {
  readonly collectors: ReadonlyMap<string, Collector>
  readonly events: EventDesk
  readonly clock: Clock
  readonly log: Log
  /** Hears what became of each event that came. */
  counted(outcome: string): void
}

/** Hears devices speak by themselves, on the ports that the site names. */
export class Listening {
  readonly #parts: ListeningParts
  readonly #open: EventSource[] = []
  #addresses = new DeviceAddresses([], namesOf)
  #refresh: Cancel | undefined

  constructor(parts: ListeningParts) {
    this.#parts = parts
  }

  /** Begins to listen. A trap is a hint only: where they cannot be heard, siteward says so and watches all the same. */
  async start({ traps, devices, name }: Site): Promise<void> {
    if (traps === undefined) return
    const { collectors, clock, log } = this.#parts
    this.#addresses = new DeviceAddresses(devices, namesOf)
    await this.#addresses.refresh()
    const { host, port } = traps.listen
    for (const [protocol, { listen }] of collectors) {
      const credentials = traps.credentials.flatMap((one) => one[protocol] ?? [])
      if (listen === undefined || credentials.length === 0) continue
      const order = {
        ...{ site: name, host, port, credentials, clock },
        knows: (address: string) => this.#addresses.at(address).length > 0,
        heard: (event: DeviceEvent) => this.#heard(event),
        dropped: (why: string) => this.#parts.counted(why),
      }
      try {
        this.#open.push(await listen(order))
      } catch (error) {
        const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
        log.error({ listen: `${host}:${port}`, why }, 'traps cannot be received there: change traps: listen')
      }
    }
    this.#refreshLater()
  }

  async close(): Promise<void> {
    this.#refresh?.()
    await Promise.all(this.#open.splice(0).map((source) => source.close()))
  }

  #heard({ address, id }: DeviceEvent): void {
    const declared = this.#addresses.at(address).map((device) => this.#parts.events.heard(device, id))
    this.#parts.counted(declared.includes(true) ? 'declared' : 'undeclared')
  }

  #refreshLater(): void {
    this.#refresh = this.#parts.clock.after(addressesLast, () => {
      void this.#addresses.refresh().then(() => this.#refreshLater())
    })
  }
}

async function namesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}
