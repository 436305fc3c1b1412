/** A device's address taken apart; `port` is undefined where none was written. */
export interface HostPort {
  readonly host: string
  readonly port: number | undefined
}

/** Letters, digits, dots, hyphens, underscores; it never begins with a hyphen, which a child would take for an option. */
const hostName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/

/** The hexadecimal form, with a zone (`fe80::1%eth0`) or a trailing IPv4 part. */
const ipv6 = /^[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._-]{1,32})?$/

/** Reads `host`, `host:port`, `::1`, `[::1]:port`; undefined when it is none of these. */
export function parseAddress(text: string): HostPort | undefined {
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text)
  if (bracketed?.[1] !== undefined) return ipv6.test(bracketed[1]) ? withPort(bracketed[1], bracketed[2]) : undefined
  if (text.split(':').length > 2) return ipv6.test(text) ? { host: text, port: undefined } : undefined
  const [host = '', port] = text.split(':')
  return hostName.test(host) ? withPort(host, port) : undefined
}

/** Host and port in one text, as URLs and tools write it: an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function withPort(host: string, port: string | undefined): HostPort | undefined {
  if (port === undefined) return { host, port: undefined }
  const number = Number(port)
  return /^\d{1,5}$/.test(port) && number >= 1 && number <= 65_535 ? { host, port: number } : undefined
}
