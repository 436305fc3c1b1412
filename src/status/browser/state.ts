import type { ListedQuiet } from '../../model/listed-quiet.ts'
import type { DeviceReadings, Status } from '../shape.ts'
import type { Link } from './feed.ts'
import { type Language, type Word, word } from './words.ts'

/** Which part of the page is shown. */
export type View =
  | { readonly name: 'overview' | 'devices' | 'history' | 'quiet' | 'wall' }
  | { readonly name: 'device'; readonly device: string }

/** What is asked for when somebody looks at it. */
export type Asked<Answer> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly why: string }
  | { readonly state: 'there'; readonly answer: Answer }

/** An alarm of the record, as `/api/v1/alarms` answers. */
export interface PastAlarm {
  readonly id: string
  readonly state: 'firing' | 'resolved'
  readonly severity: string
  readonly alarm: string
  readonly device: string
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  readonly fired_at: string
  readonly resolved_at: string | null
  readonly lasted_seconds: number
  readonly taken: { readonly at: string; readonly by: string; readonly note: string } | null
  readonly service_levels: readonly { readonly level: string; readonly state: string }[]
}

/** All that the page shows is made of. */
export interface State {
  readonly status: Status | undefined
  readonly link: Link
  /** siteward's clock now, however wrong the phone's is (ms since 1970). */
  readonly now: number
  readonly language: Language
  readonly view: View
  readonly filter: string
  readonly onlyTroubled: boolean
  readonly operator: string | undefined
  readonly readings: Asked<DeviceReadings>
  readonly readingFilter: string
  readonly past: Asked<readonly PastAlarm[]>
  readonly pastSince: string
  readonly pastPage: number
  readonly quiet: Asked<readonly ListedQuiet[]>
}

/** Words in the reader's language. */
export function say(state: Pick<State, 'language'>, name: Word): string {
  return word(name, state.language)
}
