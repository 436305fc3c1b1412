/**
 * A page of readings: 128 bytes that can be read alone. A head (first and last time in seconds, count, how numbers are
 * written, the first number), then bits: for each reading what its time and its number differ from the last, as Gorilla
 * (Pelkonen et al., VLDB 2015, 4.1) has it for times. Readings are mostly whole numbers times a power of ten, which
 * differ by little: such are written as differences of whole numbers, all others as they are, in 32 or 64 bits.
 */
export const pageSize = 128

const headSize = 20
/** The most bits that one reading takes: 22 for its time, 66 for its number. */
const mostBits = 88
const allBits = (pageSize - headSize) * 8
/** Powers of ten that are tried, then single and double precision. */
const powers = 10
const single = powers
const double = powers + 1
/** Whole numbers up to here are exact. */
const largest = 2 ** 53

/** A reading: `t` in seconds since 1970, `v` the value; NaN for a time without one. */
export interface Sample {
  readonly t: number
  readonly v: number
}

/** Writes readings into one page after the other; remembers of the last one what the next is written against. */
export class PageWriter {
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(this.#bytes.buffer)
  #at = 0
  #bits = 0
  #count = 0
  #time = 0
  #delta = 0
  #value = 0
  /** The last number that was none of NaN, times the power of ten. */
  #whole = 0
  /** Only grows: what once needed a digit more will need it again. */
  #mode = 0

  get lastTime(): number {
    return this.#time
  }

  /** Begins a page at this place with its first reading. */
  begin(bytes: Uint8Array, at: number, t: number, v: number): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset + at, pageSize)
    this.#at = at
    this.#mode = modeFor(v, this.#mode)
    this.#bytes.fill(0, at, at + pageSize)
    this.#bits = 0
    this.#count = 1
    this.#time = t
    this.#delta = 0
    this.#value = v
    this.#whole = wholeOf(v, this.#mode) ?? 0
    this.#view.setUint32(0, t)
    this.#view.setUint8(10, this.#mode)
    this.#view.setFloat64(12, v)
    this.#closeHead()
  }

  /** Adds a reading that is not older than the last; false where it needs a new page. */
  add(t: number, v: number): boolean {
    const delta = t - this.#time
    const mode = modeFor(v, this.#mode)
    if (mode !== this.#mode || this.#bits + mostBits > allBits || delta < 0 || delta >= 2 ** 20) return false
    this.#putTime(delta)
    if (mode < powers) this.#putWhole(v)
    else this.#putExact(v)
    this.#time = t
    this.#delta = delta
    this.#value = v
    this.#count++
    this.#closeHead()
    return true
  }

  #closeHead(): void {
    this.#view.setUint32(4, this.#time)
    this.#view.setUint16(8, this.#count)
  }

  #putTime(delta: number): void {
    const change = zigzag(delta - this.#delta)
    if (change === 0) this.#put(0, 1)
    else if (change < 32) this.#put(0b10, 2).#put(change, 5)
    else this.#put(0b11, 2).#put(delta, 20)
  }

  #putWhole(v: number): void {
    if (Object.is(v, this.#value) || (Number.isNaN(v) && Number.isNaN(this.#value))) {
      this.#put(0, 1)
      return
    }
    const whole = wholeOf(v, this.#mode)
    if (whole === undefined) {
      this.#put(0b111110, 6)
      return
    }
    const change = zigzag(whole - this.#whole)
    this.#whole = whole
    if (change < 2 ** 4) this.#put(0b10, 2).#put(change, 4)
    else if (change < 2 ** 8) this.#put(0b110, 3).#put(change, 8)
    else if (change < 2 ** 16) this.#put(0b1110, 4).#put(change, 16)
    else if (change < 2 ** 32) this.#put(0b11110, 5).#put(change, 32)
    else this.#put(0b111111, 6).#putDouble(v)
  }

  #putExact(v: number): void {
    if (Object.is(v, this.#value)) this.#put(0, 1)
    else if (this.#mode === double) this.#put(1, 1).#putDouble(v)
    else this.#put(1, 1).#put(singleBits(v), 32)
  }

  #putDouble(v: number): this {
    scratch.setFloat64(0, v)
    return this.#put(scratch.getUint32(0), 32).#put(scratch.getUint32(4), 32)
  }

  #put(value: number, count: number): this {
    const base = this.#at + headSize
    for (let left = count; left > 0; ) {
      const place = this.#bits & 7
      const taken = Math.min(8 - place, left)
      const part = (value >>> (left - taken)) & ((1 << taken) - 1)
      const byte = base + (this.#bits >> 3)
      this.#bytes[byte] = (this.#bytes[byte] ?? 0) | (part << (8 - place - taken))
      this.#bits += taken
      left -= taken
    }
    return this
  }
}

const scratch = new DataView(new ArrayBuffer(8))

function singleBits(v: number): number {
  scratch.setFloat32(0, v)
  return scratch.getUint32(0)
}

/** -1, 1, -2, 2 as 1, 2, 3, 4: small numbers of either sign are small. */
function zigzag(n: number): number {
  return n < 0 ? -2 * n - 1 : 2 * n
}

function unzigzag(n: number): number {
  return n % 2 === 0 ? n / 2 : -(n + 1) / 2
}

/** The least way of writing, from `least` on, in which a value comes back the same. */
function modeFor(v: number, least: number): number {
  for (let mode = least; mode < powers; mode++) if (Number.isNaN(v) || wholeOf(v, mode) !== undefined) return mode
  return least <= single && (Number.isNaN(v) || Math.fround(v) === v) ? single : double
}

/** The value times ten to the `mode`, where that is whole and gives the value back. */
function wholeOf(v: number, mode: number): number | undefined {
  const power = 10 ** mode
  const whole = Math.round(v * power)
  return Math.abs(whole) < largest && whole / power === v && !Object.is(v, -0) ? whole : undefined
}

/** When a page's last reading was, in seconds. */
export function lastTimeOf(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(4)
}

/** The readings of the page that begins at `at`. */
export function* readPage(bytes: Uint8Array, at: number): Generator<Sample> {
  const head = new DataView(bytes.buffer, bytes.byteOffset + at, headSize)
  const count = head.getUint16(8)
  const mode = head.getUint8(10)
  const bits = new BitReader(bytes, at + headSize)
  let t = head.getUint32(0)
  let v = head.getFloat64(12)
  let delta = 0
  let whole = mode < powers ? (wholeOf(v, mode) ?? 0) : 0
  yield { t, v }
  for (let i = 1; i < count; i++) {
    if (bits.take(1) === 1) delta = bits.take(1) === 1 ? bits.take(20) : delta + unzigzag(bits.take(5))
    t += delta
    if (bits.take(1) === 1) {
      if (mode === double) v = bits.double()
      else if (mode === single) v = bits.single()
      else {
        v = nextWhole(bits, whole, mode)
        if (!Number.isNaN(v)) whole = wholeOf(v, mode) ?? 0
      }
    }
    yield { t, v }
  }
}

const widths = [4, 8, 16, 32]

/** What follows the bit that says "another number". */
function nextWhole(bits: BitReader, last: number, mode: number): number {
  for (const width of widths) {
    if (bits.take(1) === 0) return (last + unzigzag(bits.take(width))) / 10 ** mode
  }
  return bits.take(1) === 1 ? bits.double() : Number.NaN
}

class BitReader {
  readonly #bytes: Uint8Array
  readonly #base: number
  #bits = 0

  constructor(bytes: Uint8Array, base: number) {
    this.#bytes = bytes
    this.#base = base
  }

  take(count: number): number {
    let value = 0
    for (let left = count; left > 0; ) {
      const place = this.#bits & 7
      const taken = Math.min(8 - place, left)
      const byte = this.#bytes[this.#base + (this.#bits >> 3)] ?? 0
      value = value * 2 ** taken + ((byte >> (8 - place - taken)) & ((1 << taken) - 1))
      this.#bits += taken
      left -= taken
    }
    return value
  }

  double(): number {
    const [high, low] = [this.take(32), this.take(32)]
    scratch.setUint32(0, high)
    scratch.setUint32(4, low)
    return scratch.getFloat64(0)
  }

  single(): number {
    scratch.setUint32(0, this.take(32))
    return scratch.getFloat32(0)
  }
}
