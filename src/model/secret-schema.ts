import Type from 'typebox'
import type { Secret } from './secret.ts'

/** The schema keyword that marks a value as a secret: the loader puts a Secret in its place. */
export const secretKeyword = 'secret'

/**
 * A secret in YAML: `{ file: PATH }`, `{ credential: NAME }` (of systemd), `{ env: NAME }` or, for communities and demos, the
 * text itself. The loader turns it into a `Secret`, so that is its type everywhere else.
 */
export function secretSource(description: string) {
  return Type.Unsafe<Secret>({
    description,
    [secretKeyword]: true,
    anyOf: [
      { type: 'string', minLength: 1 },
      {
        type: 'object',
        properties: { file: { type: 'string', minLength: 1 } },
        required: ['file'],
        additionalProperties: false,
      },
      {
        type: 'object',
        properties: {
          credential: { type: 'string', title: "credential's name", pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$' },
        },
        required: ['credential'],
        additionalProperties: false,
      },
      {
        type: 'object',
        properties: { env: { type: 'string', minLength: 1 } },
        required: ['env'],
        additionalProperties: false,
      },
    ],
  })
}
