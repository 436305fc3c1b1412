/** What is replaced: by what it is, so that what stands in its place can be read. */
export type MaskedKind = 'name' | 'serial' | 'secret'

/** Where devices tell whose they are: config/masking.yaml. */
export interface Telltales {
  /** Words that devices are called by and that stand in any text, in small letters: replaced only where a name is known to stand. */
  readonly ordinaryWords: ReadonlySet<string>
  /** The beginnings of object identifiers. */
  readonly snmp: {
    readonly names: readonly string[]
    readonly serialNumbers: readonly string[]
    /** Octets that are hardware addresses, printable or not. */
    readonly hardwareAddresses: readonly string[]
  }
}

/** Shorter texts are replaced only where they are known to stand: `a` or `12` would be found everywhere. */
const shortest = 4

/** Six groups of a MAC address or eight of a WWN with one separator, or three of four digits as switches write them. */
const address =
  /(?<![0-9A-Za-z:.-])(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}(?:(?:[0-9A-Fa-f]{2}\1){2})?[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}([.-])[0-9A-Fa-f]{4}\2[0-9A-Fa-f]{4})(?![0-9A-Za-z:-])/g

/** A serial number behind the word for it: `SN: TE1234`, `Serial Number: 8JX0`, `"serial_number": "S4X"`. */
const serialNumber =
  /(?<![A-Za-z])(serial(?:[ _-]?(?:numbers?|num|no|nr))?|s\/n|sn)(["']?\s{0,20}[:=#]\s{0,20}["']?|\s{1,20})((?=[A-Za-z._/-]{0,30}\d)[A-Za-z0-9][A-Za-z0-9._/-]{3,63})/gi

/**
 * Takes out of a recording what tells whose device it is: names, serial numbers, secrets and hardware addresses. The same
 * text is replaced by the same word wherever it stands, so that what belonged together still does.
 */
export class Mask {
  readonly telltales: Telltales
  readonly #words = new Map<string, string>()
  readonly #hardware = new Map<string, number>()
  readonly #counts = new Map<string, number>()
  #pattern: RegExp | undefined

  constructor(telltales: Telltales) {
    this.telltales = telltales
  }

  /** The word that stands for a text from now on, wherever it is found; an empty text stays. */
  replace(kind: MaskedKind, text: string): string {
    const bare = text.trim()
    if (bare === '') return text
    const known = this.#words.get(bare)
    if (known !== undefined) return known
    const word = `${kind}-${this.#next(kind)}`
    this.#words.set(bare, word)
    this.#pattern = undefined
    return word
  }

  /** A hardware address of 6 or 8 bytes: another of the same length, locally administered (IEEE 802, bit 1). */
  hardware(bytes: Uint8Array): Buffer {
    const key = Buffer.from(bytes).toString('hex')
    // None at all, and all at once: nobody's.
    if (/^(?:00|ff)+$/.test(key)) return Buffer.from(bytes)
    const number = this.#hardware.get(key) ?? this.#next('hardware')
    this.#hardware.set(key, number)
    const made = Buffer.alloc(bytes.length)
    made.writeUInt32BE(number, bytes.length - 4)
    made[0] = 0x02
    return made
  }

  /** A text with everything taken out that is known or looks like an address or a serial number. */
  text(text: string): string {
    return this.known(
      text
        .replace(address, (found) => this.#address(found))
        .replace(serialNumber, (_, label: string, gap: string, serial: string) => {
          return `${label}${gap}${this.#isWord(serial) ? serial : this.replace('serial', serial)}`
        }),
    )
  }

  /** A text with everything taken out that was replaced before. */
  known(text: string): string {
    this.#pattern ??= patternOf([...this.#words.keys()], this.telltales.ordinaryWords)
    return this.#pattern === undefined ? text : text.replace(this.#pattern, (found) => this.#words.get(found) ?? found)
  }

  #isWord(text: string): boolean {
    return /^(name|serial|secret)-\d+$/.test(text)
  }

  #address(found: string): string {
    const digits = found.replace(/[^0-9A-Fa-f]/g, '')
    const made = this.hardware(Buffer.from(digits, 'hex')).toString('hex')
    let at = 0
    return found.replace(/[0-9A-Fa-f]/g, () => made[at++] ?? '0')
  }

  #next(kind: string): number {
    const next = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, next)
    return next
  }
}

/** Any of the texts as whole words, the longest first; undefined for none. */
function patternOf(texts: readonly string[], ordinary: ReadonlySet<string>): RegExp | undefined {
  const long = texts.filter((text) => text.length >= shortest && !ordinary.has(text.toLowerCase()))
  if (long.length === 0) return undefined
  const escaped = long.sort((a, b) => b.length - a.length).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`, 'gu')
}
