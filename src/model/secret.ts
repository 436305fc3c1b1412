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

/** What is too short to be found again among other words. */
const shortest = 6

/** A text of somebody who was shown these secrets, without them: some answer with all that they were sent. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  // Of `Bearer TOKEN` the token alone may come back.
  const parts = secrets.flatMap((secret) => [secret, ...secret.split(' ')]).filter(({ length }) => length >= shortest)
  return parts.reduce((clean, part) => clean.replaceAll(part, mask), text)
}
