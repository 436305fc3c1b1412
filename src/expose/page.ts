/** About how much text is handed on at once: small enough never to hold up the polls. */
const pageLength = 65_536
/** Texts are copied in words of eight bytes, the last of them whole: what is copied from is filled up with zeros. */
export const wordLength = 8
/** The longest text of a number, `-1.2345678901234567e-300`, and the end of its line. */
const longestNumber = 25
/** Up to here a number is taken apart by integer arithmetic, digit by digit. */
const exact = 1e15
/** Integers below this are of 32 bits, whose division is a multiplication to the machine. */
const small = 1e9
const smallDigits = 9
/** The decimals that are tried: what sensors and meters give has no more, and the others are left to `String`. */
const powers = [1, 10, 100, 1000, 10_000] as const

const [zero, point, minus] = [48, 46, 45]

/** A piece of the exposition as it is written: bytes in a buffer that is used again and again. */
export class Page {
  #bytes = Buffer.alloc(0)
  #view = new DataView(this.#bytes.buffer)
  /** Up to here there is room, for a word more and a number too. */
  #limit = 0
  #length = 0

  constructor() {
    this.#grow(pageLength)
  }

  get isFull(): boolean {
    return this.#length >= pageLength
  }

  /** What was written; the page is empty again, and the bytes are good until more are written. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    return bytes
  }

  text(text: string): void {
    // A UTF-16 code unit is three bytes at most.
    const most = this.#length + text.length * 3
    if (most > this.#limit) this.#grow(most)
    this.#length += this.#bytes.write(text, this.#length)
  }

  /** After a text or a number there is room for it. */
  byte(byte: number): void {
    this.#bytes[this.#length++] = byte
  }

  /**
   * Copies a text of `length` bytes, in words. As floating-point numbers, since these need no checks and no allocation; a
   * text in UTF-8 is never one that would change on the way (a NaN has a byte 0xF0 to 0xFF before its last, 0x7F or 0xFF).
   */
  copy(from: DataView, at: number, length: number): void {
    const end = this.#length + length
    if (end > this.#limit) this.#grow(end)
    const view = this.#view
    for (let to = this.#length, next = at; to < end; to += wordLength, next += wordLength) {
      view.setFloat64(to, from.getFloat64(next, true), true)
    }
    this.#length = end
  }

  /** After a text: the shortest decimal that is this very number, as `String` makes it; infinities as Prometheus names them. */
  number(value: number): void {
    const size = Math.abs(value)
    if (size < exact) {
      for (let decimals = 0; decimals < powers.length; decimals++) {
        const power = powers[decimals] ?? 1
        const whole = Math.round(size * power)
        // A quotient of exact integers is rounded as a parser rounds the decimal: when it is equal, so is what is read.
        if (whole >= exact || whole / power !== size) continue
        if (value < 0) this.#bytes[this.#length++] = minus
        this.#decimal(whole, power, decimals)
        return
      }
    }
    this.text(numberText(value))
  }

  /** Writes `whole / power`, which has so many decimals. */
  #decimal(whole: number, power: number, decimals: number): void {
    const integer = decimals === 0 ? whole : Math.floor(whole / power)
    if (integer < small) this.#digits(integer, digitCount(integer))
    else {
      const high = Math.floor(integer / small)
      this.#digits(high, digitCount(high))
      this.#digits(integer - high * small, smallDigits)
    }
    if (decimals === 0) return
    this.#bytes[this.#length++] = point
    this.#digits(whole - integer * power, decimals)
  }

  /** Writes so many digits of an integer below 10^9. */
  #digits(integer: number, count: number): void {
    const bytes = this.#bytes
    const end = this.#length + count
    let left = integer | 0
    for (let at = end - 1; at >= this.#length; at--) {
      const next = (left / 10) | 0
      bytes[at] = zero + left - next * 10
      left = next
    }
    this.#length = end
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(needed * 2)
    this.#bytes.copy(grown)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
    this.#limit = grown.length - wordLength - longestNumber
  }
}

/** How many digits an integer below 10^9 has. */
function digitCount(integer: number): number {
  let count = 1
  for (let limit = 10; count < smallDigits && integer >= limit; limit *= 10) count++
  return count
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
