import { createHash } from 'node:crypto'
import type { Device } from './model/device.ts'
import type { DeviceGroup } from './model/group.ts'

/** One of several sitewards that share a site's buses: the `index`th (from 1) of `count`. */
export interface Shard {
  readonly index: number
  readonly count: number
}

/** What a device is polled over: one of its probes with the endpoint of its job. */
export interface Wired {
  readonly device: Device
  readonly job: { readonly endpoint: string }
}

const mostShards = 1000

/** `2/5` as a shard; undefined for what is none. */
export function parseShard(text: string): Shard | undefined {
  const [, index, count] = /^(\d{1,4})\/(\d{1,4})$/.exec(text)?.map(Number) ?? []
  if (index === undefined || count === undefined) return undefined
  return index >= 1 && index <= count && count <= mostShards ? { index, count } : undefined
}

/**
 * The shard (from 1) to which a key falls, by rendezvous hashing (Thaler and Ravishankar, 1998): each shard draws a number
 * for the key, and the highest has it. With one shard more, only what that one draws highest moves.
 */
export function ownerOf(key: string, count: number): number {
  let owner = 1
  let highest = -1
  for (let shard = 1; shard <= count; shard++) {
    const drawn = createHash('sha256').update(`${shard} ${key}`).digest().readUIntBE(0, 6)
    if (drawn <= highest) continue
    highest = drawn
    owner = shard
  }
  return owner
}

/**
 * The devices of a shard. What hangs together stays together: all devices on a bus, gateway or BMC, since two masters on
 * one RS-485 line break it, all endpoints of a device, since its rules look at all of its readings, and all devices that
 * are `counted` together. Such a group
 * falls to a shard by the name of its first endpoint in alphabetical order.
 */
export function devicesOf(
  { index, count }: Shard,
  wired: readonly Wired[],
  counted: readonly DeviceGroup[] = [],
): ReadonlySet<Device> {
  const groups = new Groups()
  for (const { members } of counted) {
    for (const member of members) groups.join(`device ${members[0]}`, `device ${member}`)
  }
  for (const { device, job } of wired) groups.join(`device ${device.name}`, `endpoint ${job.endpoint}`)
  const first = new Map<string, string>()
  for (const { job } of wired) {
    const group = groups.of(`endpoint ${job.endpoint}`)
    const known = first.get(group)
    if (known === undefined || job.endpoint < known) first.set(group, job.endpoint)
  }
  const own = (device: Device): boolean => ownerOf(first.get(groups.of(`device ${device.name}`)) ?? '', count) === index
  return new Set(wired.map(({ device }) => device).filter(own))
}

/** Things that hang together, each group known by one of them. */
class Groups {
  readonly #next = new Map<string, string>()

  of(thing: string): string {
    let root = thing
    for (let next = this.#next.get(root); next !== undefined; next = this.#next.get(root)) root = next
    // The way is kept short for those who come after.
    for (let at = thing; at !== root; ) {
      const next = this.#next.get(at) ?? root
      this.#next.set(at, root)
      at = next
    }
    return root
  }

  join(one: string, other: string): void {
    const [a, b] = [this.of(one), this.of(other)]
    if (a !== b) this.#next.set(a, b)
  }
}
