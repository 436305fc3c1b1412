import { stableHash } from '../model/hash.ts'
import { type Page, wordLength } from './page.ts'

/** Texts lie in pieces of this length: growing never copies what is there. */
const segmentBits = 20
const segmentLength = 2 ** segmentBits
/** Before each text stands its length in bytes, in a word of its own: texts are copied in whole words. */
const lengthBytes = wordLength
/** Many small tables and not a large one: making one of them anew takes no time that anybody notices. */
const tableBits = 10
const firstTable = 16

/** Where a text lies: its segment and its offset there, in one number. */
export type TextPlace = number

interface Table {
  /** Places plus one, by hash; 0 is a free slot. */
  slots: Uint32Array
  count: number
}

/**
 * Texts as bytes, each of them once: all columns of a switch's port and all states of a sensor share their labels, and a
 * million series need no more than their rows.
 */
export class LabelTexts {
  readonly #segments: Buffer[] = []
  readonly #views: DataView[] = []
  #used = segmentLength
  readonly #tables: Table[] = Array.from({ length: 2 ** tableBits }, () => ({
    slots: new Uint32Array(firstTable),
    count: 0,
  }))

  /** The place of a text, which is stored where it is new. */
  put(text: string): TextPlace {
    const hash = stableHash(text)
    const table = this.#tableOf(hash)
    const slot = this.#slotOf(table, hash, text)
    const known = table.slots[slot] ?? 0
    if (known !== 0) return known - 1
    const place = this.#store(text)
    table.slots[slot] = place + 1
    table.count++
    return place
  }

  /** Writes the text of a place. */
  write(place: TextPlace, page: Page): void {
    const view = this.#views[place >>> segmentBits]
    if (view === undefined) return
    const at = place & (segmentLength - 1)
    page.copy(view, at + lengthBytes, view.getUint32(at, true))
  }

  /** The table of a hash, with room for one more. */
  #tableOf(hash: number): Table {
    const table = this.#tables[hash & (2 ** tableBits - 1)] as Table
    if (table.count * 2 < table.slots.length) return table
    const old = table.slots
    table.slots = new Uint32Array(old.length * 2)
    for (const known of old) {
      if (known === 0) continue
      const text = this.#textAt(known - 1)
      table.slots[this.#slotOf(table, stableHash(text), text)] = known
    }
    return table
  }

  /** Where a text stands in its table, or the free slot where it belongs. */
  #slotOf({ slots }: Table, hash: number, text: string): number {
    const mask = slots.length - 1
    let slot = (hash >>> tableBits) & mask
    for (;;) {
      const known = slots[slot] ?? 0
      if (known === 0 || this.#textAt(known - 1) === text) return slot
      slot = (slot + 1) & mask
    }
  }

  #textAt(place: TextPlace): string {
    const segment = this.#segments[place >>> segmentBits]
    const at = place & (segmentLength - 1)
    if (segment === undefined) return ''
    return segment.toString('utf8', at + lengthBytes, at + lengthBytes + segment.readUInt32LE(at))
  }

  #store(text: string): TextPlace {
    const length = Buffer.byteLength(text)
    const room = lengthBytes + Math.ceil(length / wordLength) * wordLength
    if (this.#used + room > segmentLength) this.#addSegment(room)
    const index = this.#segments.length - 1
    const segment = this.#segments[index] as Buffer
    const at = this.#used
    segment.writeUInt32LE(length, at)
    segment.write(text, at + lengthBytes)
    this.#used = at + room
    return index * segmentLength + at
  }

  #addSegment(room: number): void {
    const memory = new ArrayBuffer(Math.max(segmentLength, room))
    this.#segments.push(Buffer.from(memory))
    this.#views.push(new DataView(memory))
    this.#used = 0
  }
}
