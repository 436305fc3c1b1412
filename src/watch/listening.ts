import type { Collector, DeviceEvent, EventSource } from '../../collectors/collector.ts'
import { names } from '../../collectors/names.ts'
import type { Cancel, Clock, Milliseconds } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import { Comparison } from '../model/same.ts'
import type { Site } from '../model/site.ts'
import { DeviceAddresses } from './device-addresses.ts'
import type { EventDesk } from './event-desk.ts'

/** How long the address behind a device's name is believed, of those that speak by themselves. */
const addressesLast: Milliseconds = 600_000
/** All are asked for at once, and nobody waits for them. */
const patience: Milliseconds = 300_000

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
  #changed: Promise<void> = Promise.resolve()

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

  /**
   * The site is another now: with other ports or credentials it is listened anew, and devices are known by their addresses.
   * Nobody waits for it: a name may take its time to be resolved.
   */
  change(before: Site, site: Site): void {
    this.#changed = this.#changed.then(() => this.#change(before, site))
  }

  async #change(before: Site, site: Site): Promise<void> {
    if (!new Comparison().same(before.traps, site.traps)) {
      await this.#end()
      await this.start(site)
    } else if (site.traps !== undefined) {
      const addresses = new DeviceAddresses(site.devices, namesOf)
      await addresses.refresh()
      this.#addresses = addresses
    }
  }

  async close(): Promise<void> {
    await this.#changed
    await this.#end()
  }

  async #end(): Promise<void> {
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
  return (await names.resolve(host, patience)).map(({ address }) => address)
}
