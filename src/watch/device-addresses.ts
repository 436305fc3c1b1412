import type { Device } from '../model/device.ts'

/** Resolves a host's name to its addresses; as node:dns's lookup with all. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** Which devices are behind an address; of those that the site names by name, once these are resolved. */
export class DeviceAddresses {
  readonly #devices: readonly Device[]
  readonly #resolve: Resolve
  #byAddress: ReadonlyMap<string, readonly string[]> = new Map()

  constructor(devices: readonly Device[], resolve: Resolve) {
    this.#devices = devices
    this.#resolve = resolve
  }

  /** Resolves all anew; one that cannot be resolved now keeps nothing. */
  async refresh(): Promise<void> {
    const resolved = this.#devices.map(({ address }) => this.#resolve(hostOf(address)).catch(() => []))
    const found = new Map<string, string[]>()
    for (const [i, addresses] of (await Promise.all(resolved)).entries()) {
      for (const one of addresses) {
        const names = found.get(plain(one)) ?? []
        found.set(plain(one), [...names, this.#devices[i]?.name ?? ''])
      }
    }
    this.#byAddress = found
  }

  /** The devices at an address, as a socket tells it. */
  at(address: string): readonly string[] {
    return this.#byAddress.get(plain(address)) ?? []
  }
}

/** `host`, `host:port` or `[IPv6]:port` without the port. */
function hostOf(address: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(address)?.[1]
  if (bracketed !== undefined) return bracketed
  return address.split(':').length > 2 ? address : (address.split(':', 1)[0] ?? address)
}

/** An IPv4 address that an IPv6 socket tells of stands behind ::ffff:. */
function plain(address: string): string {
  return address
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, '')
    .replace(/%.*$/, '')
}
