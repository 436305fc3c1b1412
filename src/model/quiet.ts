import type { Milliseconds } from './clock.ts'
import type { Labels } from './labels.ts'

/** Which alerts a quiet time is about: of one of these devices, of one of these alarms, with these labels; all that is given. */
export interface QuietScope {
  readonly devices: readonly string[]
  readonly alarms: readonly string[]
  readonly match: Labels
}

/** A range of whole numbers, both ends included; days of a month count from its end where they are negative. */
export interface DayRange {
  readonly first: number
  readonly last: number
}

/** Once between two moments (wall clock), or on certain days, in the time zone of the site. */
export type QuietTime =
  | { readonly kind: 'once'; readonly from: Milliseconds; readonly to: Milliseconds }
  | {
      readonly kind: 'recurring'
      /** Minutes after midnight; an end that is not after the beginning is on the next day. */
      readonly from: number
      readonly to: number
      /** 1 is Monday; empty for every day. */
      readonly weekdays: readonly number[]
      readonly daysOfMonth: readonly DayRange[]
      readonly months: readonly number[]
    }

/** A time in which new alerts are held back (Alertmanager: silence, mute time interval). */
export interface QuietWindow {
  readonly name: string
  /** Who declared it; empty for one of the site file. */
  readonly author: string
  readonly note: string
  readonly scope: QuietScope
  readonly time: QuietTime
  /** Ends early once everything under it has been well for so long, after something was not. */
  readonly endsWhenWell: Milliseconds | undefined
}
