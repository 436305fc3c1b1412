import { createHash, timingSafeEqual } from 'node:crypto'
import type { Access, Operator } from '../model/access.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { WebConfig } from '../model/web.ts'
import { Passwords } from './passwords.ts'
import { TokenBucket } from './rate.ts'
import type { Route } from './route.ts'

/** What the gate needs to know of operators. */
type GateAccess = Pick<Access, 'operators' | 'operateWithoutTls'>

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
      readonly status: 401 | 403 | 429 | 503
      readonly why: string
      readonly challenge: string | undefined
    }

/** Decides who may do what. Operations are for those alone who show an operator's token, so no other page can call them. */
export class Gate {
  #operators: readonly { readonly operator: Operator; readonly digest: Buffer }[] = []
  #operateWithoutTls = false
  readonly #web: () => WebConfig
  readonly #now: () => Milliseconds
  readonly #passwords = new Passwords()
  readonly #bucket = new TokenBucket()

  /** `web` tells the web configuration as it is now, `now` the monotonic time. */
  constructor(access: GateAccess, web: () => WebConfig, now: () => Milliseconds) {
    this.#web = web
    this.#now = now
    this.admits(access)
  }

  /** From now on these may operate. */
  admits({ operators, operateWithoutTls }: GateAccess): void {
    this.#operators = operators.map((operator) => ({ operator, digest: digestOf(operator.token.reveal()) }))
    this.#operateWithoutTls = operateWithoutTls
  }

  /** Whether this caller may have what the route gives. */
  async admit(right: Route['right'], caller: Caller): Promise<Admission> {
    const { users, rateLimit } = this.#web()
    if (rateLimit !== undefined && !this.#bucket.take(rateLimit, this.#now())) return refused(429, 'too many requests')
    const operator = this.#operatorOf(caller)
    switch (right) {
      case 'open':
        return { ok: true, caller: operator?.name ?? '' }
      case 'read':
        if (users.size === 0 || operator !== undefined) return { ok: true, caller: operator?.name ?? '' }
        return this.#admitReader(users, caller)
      case 'operate':
        return this.#admitOperator(operator, caller)
    }
  }

  async close(): Promise<void> {
    await this.#passwords.close()
  }

  async #admitReader(users: WebConfig['users'], { authorization, address }: Caller): Promise<Admission> {
    const credentials = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization ?? '')?.[1]
    const pair = Buffer.from(credentials ?? '', 'base64').toString('utf8')
    const colon = pair.indexOf(':')
    const challenge = 'Basic realm="siteward"'
    if (colon < 0) return refused(401, 'a user and password are needed', challenge)
    const name = pair.slice(0, colon)
    switch (await this.#passwords.check({ user: name, password: pair.slice(colon + 1), address }, users)) {
      case 'right':
        return { ok: true, caller: name }
      case 'wrong':
        return refused(401, 'a user and password are needed', challenge)
      case 'busy':
        return refused(429, 'too many passwords at once')
      case 'failed':
        return refused(503, 'passwords cannot be compared now')
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

function refused(status: 401 | 403 | 429 | 503, why: string, challenge?: string): Admission {
  return { ok: false, status, why, challenge }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** 127.0.0.0/8 and ::1, also as IPv4 in IPv6 (RFC 4291, 2.5.5.2). */
function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address) || address === '::1'
}
