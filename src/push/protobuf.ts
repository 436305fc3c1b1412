/**
 * Writes protocol buffers' wire format (https://protobuf.dev/programming-guides/encoding/): just what the few messages of
 * OTLP need that are sent, which takes less than loading a library that can do all.
 */
export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(256)
  #length = 0

  /** What was written so far; good until more is. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  clear(): this {
    this.#length = 0
    return this
  }

  string(field: number, text: string): this {
    const length = Buffer.byteLength(text)
    this.#tag(field, 2)
    this.#varint(length)
    this.#reserve(length)
    this.#length += this.#bytes.write(text, this.#length)
    return this
  }

  message(field: number, bytes: Uint8Array): this {
    this.#tag(field, 2)
    this.#varint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  uint32(field: number, value: number): this {
    this.#tag(field, 0)
    this.#varint(value)
    return this
  }

  fixed64(field: number, value: bigint): this {
    this.#tag(field, 1)
    this.#reserve(8)
    this.#length = this.#bytes.writeBigUInt64LE(value, this.#length)
    return this
  }

  double(field: number, value: number): this {
    this.#tag(field, 1)
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
    return this
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType)
  }

  /** Of a number below 2^32. */
  #varint(value: number): void {
    this.#reserve(5)
    let left = value
    while (left >= 128) {
      this.#bytes[this.#length++] = (left % 128) + 128
      left = Math.floor(left / 128)
    }
    this.#bytes[this.#length++] = left
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe((this.#length + more) * 2)
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
