import { createHash, createHmac } from 'node:crypto'

/** What a host key is checked against; `any` only where the operator has said so in words. */
export type Trust =
  | { readonly kind: 'any' }
  | { readonly kind: 'pinned'; readonly fingerprints: readonly string[] }
  | { readonly kind: 'known'; readonly entries: readonly KnownHost[]; readonly file: string }

/** One line of known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly marker: 'none' | 'revoked'
  readonly hosts: string
  readonly type: string
  /** The key in base64. */
  readonly key: string
}

/** The fingerprint as OpenSSH prints it: SHA256: and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** Lines that are no entries, certificates' authorities and comments are left out. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const words = line.trim().split(/\s+/)
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined
    const [hosts, type, key] = words
    if (hosts === undefined || hosts.startsWith('#') || type === undefined || key === undefined) return []
    if (marker !== undefined && marker !== '@revoked') return []
    return [{ marker: marker === undefined ? 'none' : 'revoked', hosts, type, key }] satisfies KnownHost[]
  })
}

/** The entries that speak of this host; known_hosts writes a port other than 22 as [host]:port. */
export function entriesFor(entries: readonly KnownHost[], host: string, port: number): readonly KnownHost[] {
  const name = port === 22 ? host : `[${host}]:${port}`
  return entries.filter(({ hosts }) => speaksOf(hosts, name))
}

function speaksOf(hosts: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|(.+)$/.exec(hosts)
  if (hashed?.[1] !== undefined) {
    return createHmac('sha1', Buffer.from(hashed[1], 'base64')).update(name).digest('base64') === hashed[2]
  }
  const patterns = hosts.split(',')
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1), name))) return false
  return patterns.some((pattern) => fits(pattern, name))
}

/** `*` and `?` as in a shell, without backtracking: both texts are walked once for each star. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.toLowerCase().split('*')
  const text = name.toLowerCase()
  let at = 0
  for (const [i, part] of parts.entries()) {
    const last = i === parts.length - 1
    const found = i === 0 ? (sameAt(text, part, 0) ? 0 : -1) : last ? lastPlace(text, part, at) : place(text, part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return parts.length > 1 || at === text.length
}

function place(text: string, part: string, from: number): number {
  for (let i = from; i + part.length <= text.length; i++) if (sameAt(text, part, i)) return i
  return -1
}

function lastPlace(text: string, part: string, from: number): number {
  const at = text.length - part.length
  return at >= from && sameAt(text, part, at) ? at : -1
}

function sameAt(text: string, part: string, at: number): boolean {
  if (at + part.length > text.length) return false
  for (let i = 0; i < part.length; i++) if (part[i] !== '?' && part[i] !== text[at + i]) return false
  return true
}

/** Whether the key that a host shows is trusted; the words say why not and what to do. Pure, so that it is synchronous. */
export function judgeKey(trust: Trust, key: Buffer, host: string, port: number): { trusted: boolean; why: string } {
  const shown = fingerprint(key)
  switch (trust.kind) {
    case 'any':
      return { trusted: true, why: '' }
    case 'pinned': {
      const why = `the host shows the key ${shown}, but host_key is ${trust.fingerprints.join(', ')}`
      return {
        trusted: trust.fingerprints.includes(shown),
        why: `${why}; if the key was changed on purpose, change host_key`,
      }
    }
    case 'known':
      return judgeKnown(entriesFor(trust.entries, host, port), key.toString('base64'), shown, trust.file)
  }
}

function judgeKnown(
  entries: readonly KnownHost[],
  key: string,
  shown: string,
  file: string,
): { trusted: boolean; why: string } {
  if (entries.some((entry) => entry.marker === 'revoked' && entry.key === key)) {
    return { trusted: false, why: `the host's key ${shown} is revoked in ${file}` }
  }
  if (entries.some((entry) => entry.marker === 'none' && entry.key === key)) return { trusted: true, why: '' }
  const known = entries.map((entry) => fingerprint(Buffer.from(entry.key, 'base64'))).join(', ')
  const why =
    known === ''
      ? `${file} has no key of this host, which shows ${shown}`
      : `the host shows the key ${shown}, but ${file} has ${known}`
  return { trusted: false, why: `${why}; compare it on the host itself, then add it` }
}

/** The key types to ask a host for, so that it shows the one that is known; undefined leaves the choice to it. */
export function wantedKeyTypes(trust: Trust, host: string, port: number): readonly string[] | undefined {
  if (trust.kind !== 'known') return undefined
  const types = new Set(entriesFor(trust.entries, host, port).map(({ type }) => type))
  if (types.size === 0) return undefined
  // One RSA key signs in three ways (RFC 8332).
  return [...types].flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]))
}
