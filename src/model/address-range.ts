/** A range of IPv4 addresses, as 10.1.0.0/24: its first address as a number, and how many there are. */
export interface AddressRange {
  readonly text: string
  readonly first: number
  readonly count: number
}

/** Reads `A.B.C.D/N` or one address (RFC 4632); undefined where it is none, or bits below the prefix are set. */
export function parseRange(text: string): AddressRange | undefined {
  const [, address = '', prefix = '32'] = /^([0-9.]{7,15})(?:\/([0-9]{1,2}))?$/.exec(text) ?? []
  const first = parseIpv4(address)
  const bits = Number(prefix)
  if (first === undefined || bits > 32) return undefined
  const count = 2 ** (32 - bits)
  return first % count === 0 ? { text, first, count } : undefined
}

/** Whether the first range lies within the second. */
export function isWithin(inner: AddressRange, outer: AddressRange): boolean {
  return inner.first >= outer.first && inner.first + inner.count <= outer.first + outer.count
}

/** The addresses of hosts in a range: without those of the network and of all its hosts, which a small one has not (RFC 3021). */
export function* hostsOf({ first, count }: AddressRange): Generator<string> {
  const skipped = count > 2 ? 1 : 0
  for (let at = first + skipped; at < first + count - skipped; at++) yield formatIpv4(at)
}

/** Dotted decimal as a number; undefined where it is none. Zeros in front are refused, since some read them as octal. */
function parseIpv4(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255))
    return undefined
  return parts.reduce((all, part) => all * 256 + Number(part), 0)
}

function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
