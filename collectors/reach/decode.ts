import type { Raw } from '../../src/model/conversion.ts'
import type { FaultKind } from '../../src/model/fault.ts'
import type { Harvest } from '../../src/model/harvest.ts'
import type { Check } from './compile.ts'
import type { CheckValue } from './schema.ts'

/** What became of one check. Not being reached is what is watched, so it is a reading; only our own trouble is a fault. */
export type Outcome =
  | {
      readonly kind: 'tried'
      readonly isUp: boolean
      /** Seconds. */
      readonly duration?: number | undefined
      readonly loss?: number
      readonly status?: number
      readonly certificate?: Certificate
    }
  | { readonly kind: 'fault'; readonly fault: FaultKind; readonly detail: string }

export interface Certificate {
  /** Seconds since 1970; undefined where the certificate says nothing that can be read. */
  readonly expiry: number | undefined
  /** By the authorities that this machine trusts, for the name asked for, and not expired. */
  readonly isValid: boolean
}

/** What was tried, as readings; `now` in seconds since 1970. */
export function decode({ points }: Check, outcome: Outcome, now: number, harvest: Harvest): void {
  if (outcome.kind === 'fault') {
    harvest.fault(outcome.fault, outcome.detail, points.length)
    return
  }
  for (const { point, value, series } of points) harvest.value(point, series, rawOf(value, outcome, now))
}

/** A check that failed has no duration, status or certificate: not available, which is not 0. */
function rawOf(value: CheckValue, outcome: Outcome & { kind: 'tried' }, now: number): Raw {
  switch (value) {
    case 'up':
      return outcome.isUp
    case 'duration':
      return outcome.duration ?? null
    case 'loss':
      return outcome.loss ?? null
    case 'status':
      return outcome.status ?? null
    case 'certificate_expiry':
      return outcome.certificate?.expiry ?? null
    case 'certificate_left':
      return outcome.certificate?.expiry === undefined ? null : outcome.certificate.expiry - now
    case 'certificate_valid':
      return outcome.certificate?.isValid ?? null
  }
}
