import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A secret that is nowhere else in the world, and what of it would be found if it got out. */
export interface Canary {
  readonly name: string
  readonly secret: string
  /** The part of it that is the same however the rest is escaped. */
  readonly core: string
}

/** A new secret: letters, digits, and signs that JSON, YAML, shells and addresses each write in another way. */
export function canary(name: string): Canary {
  const core = randomBytes(6).toString('hex')
  return { name, core, secret: `${core}+/%&` }
}

/** A secret that another program has made, as a key; its core is 24 characters from the middle of it. */
export function canaryOf(name: string, secret: string): Canary {
  const line = secret.split('\n').sort((a, b) => b.length - a.length)[0] ?? ''
  const middle = line.length >> 1
  return { name, secret, core: line.slice(middle - 12, middle + 12) }
}

/** The ways that a text may be written: as it is, in base64 wherever it begins, and in hexadecimal. */
export function formsOf(text: string): Readonly<Record<string, readonly string[]>> {
  const bytes = Buffer.from(text)
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    // Six bits a character: those at the edges also hold what stands beside.
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  return {
    plain: [text],
    // What an address must escape, or all of it.
    'URL-encoded': [encodeURIComponent(text), hex.replace(/../g, '%$&'), hex.toUpperCase().replace(/../g, '%$&')],
    base64: [...base64, ...base64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_'))],
    hexadecimal: [hex, hex.toUpperCase(), hex.replace(/..(?!$)/g, '$&:'), hex.replace(/..(?!$)/g, '$& ')],
  }
}

/** Something that came out of siteward, by a name. */
export interface Evidence {
  readonly what: string
  readonly bytes: Buffer
}

/** Which secret stands where, and in which form. */
export function leaksIn(evidence: readonly Evidence[], canaries: readonly Canary[]): readonly string[] {
  return canaries.flatMap(({ name, core }) =>
    Object.entries(formsOf(core)).flatMap(([form, texts]) =>
      evidence
        .filter(({ bytes }) => texts.some((text) => bytes.includes(text)))
        .map(({ what, bytes }) => `${name}, ${form}, in ${what}: ${around(bytes, texts)}`),
    ),
  )
}

function around(bytes: Buffer, texts: readonly string[]): string {
  const [at = 0] = texts.map((text) => bytes.indexOf(text)).filter((found) => found >= 0)
  return JSON.stringify(bytes.subarray(Math.max(0, at - 80), at + 80).toString('latin1'))
}

/** Every file below a folder. */
export function filesIn(folder: string): readonly Evidence[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => ({ what: file, bytes: readFileSync(file) }))
}
