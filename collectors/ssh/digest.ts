import { createHash } from 'node:crypto'
import type { LinePattern } from '../../src/model/pattern.ts'

/** What of a text is compared with the one before it. */
export interface DigestParser {
  readonly kind: 'digest'
  /** Lines before the first that matches are left out. */
  readonly from: LinePattern | undefined
  /** Lines that say something else each time, as the hour. */
  readonly ignore: readonly LinePattern[]
  /** Of a matching line only the first group is kept: behind it stands a secret. */
  readonly mask: readonly LinePattern[]
  /** Another command, whose text should be the same once prepared in this one's way. */
  readonly against: string | undefined
}

/** What is remembered of a command's text from one poll to the next, and over restarts. */
export interface Seen {
  readonly hash: string
  /** When it was first seen to differ from the one before; wall clock. Absent as long as there was none before. */
  readonly changedAt?: number
}

/** A text, prepared for comparing, with its hash. */
export interface Digested {
  readonly text: string
  readonly hash: string
}

const hidden = '***'

/**
 * Words behind which configurations have their secrets, whatever the device; what a probe's `mask` knows comes on top.
 * Masked before all else: a secret is neither kept nor compared, and many devices write it differently each time.
 */
const secretWords =
  /^(.*?\b(?:password|passwd|passphrase|secret|cipher|irreversible-cipher|community|psk(?:secret)?|pre-shared-key|private-key|auth-key|key-string|authentication-mode (?:md5|hmac-\S+)|md5|ENC)\b[ :=]+["']?).+$/i

/** A command's output without what changes by itself and without secrets, and the hash of that. */
export function digest(output: string, parser: DigestParser): Digested {
  const lines = output.split(/\r\n|\n|\r/).map((line) => line.trimEnd())
  const start = parser.from === undefined ? 0 : lines.findIndex((line) => parser.from?.fits(line))
  const kept = (start < 0 ? [] : lines.slice(start))
    .filter((line) => line !== '' && !parser.ignore.some((pattern) => pattern.fits(line)))
    .map((line) => masked(line, parser.mask))
  const text = kept.join('\n')
  return { text, hash: createHash('sha256').update(text).digest('hex').slice(0, 16) }
}

/** A command's output fit for a recording: lines that are not compared (keys may stand there) and secrets left out. */
export function withoutSecrets(output: string, parsers: readonly DigestParser[]): string {
  const ignore = parsers.flatMap((parser) => parser.ignore)
  const mask = parsers.flatMap((parser) => parser.mask)
  const lines = output.split('\n').filter((line) => !ignore.some((pattern) => pattern.fits(line)))
  return lines.map((line) => masked(line, mask)).join('\n')
}

function masked(line: string, patterns: readonly LinePattern[]): string {
  for (const pattern of patterns) {
    const kept = pattern.first(line)
    if (kept !== undefined) return `${kept}${hidden}`
  }
  // Longer lines are certificates and the like; the expression must not walk them.
  return line.length > 1000 ? line : line.replace(secretWords, `$1${hidden}`)
}
