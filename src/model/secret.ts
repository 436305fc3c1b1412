import { inspect } from 'node:util'

const mask = '<secret>'

/** A password, key or community. It prints as `<secret>` in every way that text is made; only `reveal` tells it. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The secret itself: for the call that hands it to a library, and nowhere else. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return mask
  }

  toJSON(): string {
    return mask
  }

  [inspect.custom](): string {
    return mask
  }
}
