/** A number from 0 up to, and without, 1. */
export type Random = () => number

/** An integer from 0 up to, and without, `end`. */
export function below(end: number, random: Random): number {
  return Math.floor(random() * end)
}

/** What makes trouble as a byte: ends of ranges, lengths in the long form, and what separates texts. */
const troubles = [0x00, 0xff, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xa2, 0xa8, 0x30, 0x01, 0x0a, 0x2c, 0x3a, 0x22]

const ways: readonly ((bytes: Buffer, at: number, random: Random) => Buffer)[] = [
  (bytes, at, random) => changed(bytes, at, below(256, random)),
  (bytes, at, random) => changed(bytes, at, (bytes[at] ?? 0) ^ (1 << below(8, random))),
  (bytes, at, random) => changed(bytes, at, troubles[below(troubles.length, random)] ?? 0),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, random) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(8, random))]),
  (bytes, at, random) =>
    Buffer.concat([bytes.subarray(0, at), noise(1 + below(8, random), random), bytes.subarray(at)]),
  (bytes, at, random) => Buffer.concat([bytes, bytes.subarray(at, at + 1 + below(40, random))]),
  (bytes, at, random) => {
    const from = below(bytes.length, random)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + below(40, random)), bytes.subarray(at)])
  },
]

function changed(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = byte
  return copy
}

function noise(length: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length }, () => below(256, random)))
}

/** Bytes with up to four things wrong; now and then nothing but noise. */
export function spoil(bytes: Buffer, random: Random): Buffer {
  if (random() < 0.01) return noise(below(400, random), random)
  let spoilt = bytes
  for (let left = 1 + below(4, random); left > 0 && spoilt.length > 0; left--) {
    const way = ways[below(ways.length, random)]
    spoilt = way?.(spoilt, below(spoilt.length, random), random) ?? spoilt
  }
  return spoilt
}
