import type { Secret } from './secret.ts'

/** What somebody may do over HTTP: look, or also act (acknowledge, drill, quiet, reload). */
export const rights = ['read', 'operate'] as const

export type Right = (typeof rights)[number]

/** Somebody who shows a token. */
export interface Operator {
  readonly name: string
  readonly right: Right
  readonly token: Secret
}

/** Who may do what over HTTP. */
export interface Access {
  readonly operators: readonly Operator[]
  /** Whether tokens are taken from other machines over a connection that everybody on the way can read. */
  readonly operateWithoutTls: boolean
  /** The file with TLS, and passwords of those who read; read anew when it changes. */
  readonly webConfig: string | undefined
}
