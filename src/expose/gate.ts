import { createHash, timingSafeEqual } from 'node:crypto'
import type { Access, Operator } from '../model/access.ts'
import type { Route } from './route.ts'

/** What the gate looks at. */
export interface Caller {
  readonly authorization: string | undefined
  /** The address of the peer, for those without TLS. */
  readonly address: string
  readonly isEncrypted: boolean
}

/** Let in, under a name (empty: nobody asked for it), or not, and why. */
export type Admission =
  | { readonly ok: true; readonly caller: string }
  | {
      readonly ok: false
      readonly status: 401 | 403 | 429
      readonly why: string
      readonly challenge: string | undefined
    }

/** Decides who may do what. Operations are for those alone who show an operator's token, so no other page can call them. */
export class Gate {
  readonly #operators: readonly { readonly operator: Operator; readonly digest: Buffer }[]
  readonly #operateWithoutTls: boolean

  constructor({ operators, operateWithoutTls }: Access) {
    this.#operators = operators.map((operator) => ({ operator, digest: digestOf(operator.token.reveal()) }))
    this.#operateWithoutTls = operateWithoutTls
  }

  /** Whether this caller may have what the route gives. */
  admit(right: Route['right'], caller: Caller): Admission {
    const operator = this.#operatorOf(caller)
    switch (right) {
      case 'open':
      case 'read':
        return { ok: true, caller: operator?.name ?? '' }
      case 'operate':
        return this.#admitOperator(operator, caller)
    }
  }

  #admitOperator(operator: Operator | undefined, caller: Caller): Admission {
    if (!this.#operateWithoutTls && !caller.isEncrypted && !isLoopback(caller.address))
      return refused(403, 'operations from another machine need TLS: see web_config and operate_without_tls')
    if (operator === undefined) return refused(401, "an operator's token is needed", 'Bearer')
    if (operator.right !== 'operate') return refused(403, `${operator.name} may read, but not operate`)
    return { ok: true, caller: operator.name }
  }

  /** Every token is compared, each in the same time, so that time tells nothing of any. */
  #operatorOf({ authorization }: Caller): Operator | undefined {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return undefined
    const digest = digestOf(token)
    let found: Operator | undefined
    for (const one of this.#operators) if (timingSafeEqual(one.digest, digest)) found = one.operator
    return found
  }
}

function refused(status: 401 | 403 | 429, why: string, challenge?: string): Admission {
  return { ok: false, status, why, challenge }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** 127.0.0.0/8 and ::1, also as IPv4 in IPv6 (RFC 4291, 2.5.5.2). */
function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address) || address === '::1'
}
