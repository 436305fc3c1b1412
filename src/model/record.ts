import { createHash } from 'node:crypto'
import type { Milliseconds } from './clock.ts'
import type { Labels } from './labels.ts'

/**
 * What becomes of an alarm; `cleared` is one that was well again before it fired, `held` one that fires and of which
 * nobody is told yet, `told` one that was held back and is not any more.
 */
const alarmKinds = ['pending', 'firing', 'held', 'told', 'resolved', 'cleared', 'escalated'] as const

/** What people do about an alarm: took it, came to the place, repaired it. */
export const steps = ['taken', 'on_site', 'repaired'] as const

export type Step = (typeof steps)[number]

/** Every kind of entry of the record; `asset`: what a device tells of itself, where it is new or has changed;
 * `duty`: recurring work that was planned, done, or taken back. */
export const eventKinds = [...alarmKinds, ...steps, 'operation', 'drill', 'asset', 'duty'] as const

export type EventKind = (typeof eventKinds)[number]

/** One entry of the record: written once, never changed. */
export interface RecordEvent {
  readonly kind: EventKind
  /** Wall clock. */
  readonly at: Milliseconds
  /** The alarm's short name; empty where the entry is about no alarm. */
  readonly alarmId: string
  /** When its rule was first broken (wall clock): with the id it names one episode of the alarm; 0 without alarm. */
  readonly activeAt: Milliseconds
  readonly device: string
  readonly alarm: string
  readonly severity: string
  /** The labels of its series, without site and device. */
  readonly own: Labels
  /** Who did it; empty for what siteward itself saw. */
  readonly by: string
  /** What was said: the alert's summary, a person's note, the operation's outcome. */
  readonly note: string
}

/** An entry's fields where it is about no alarm. */
export const aboutNoAlarm = { alarmId: '', activeAt: 0, device: '', alarm: '', severity: '', own: {} } as const

/** Without i, l, o and u, which are misread or misheard (Crockford's base 32). */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'
const idLength = 8

/**
 * The short name of an alarm that a person can read out and type, made of the identity of its alert: the same on every
 * siteward of the site and after each restart. 40 bits: of 20,000 alarms two share a name in one site of 5,000.
 */
export function alarmId(key: string): string {
  const bytes = createHash('sha256').update(key).digest()
  let bits = bytes.readUIntBE(0, 5)
  let id = ''
  for (let i = 0; i < idLength; i++) {
    id = (letters[bits % 32] ?? '') + id
    bits = Math.floor(bits / 32)
  }
  return id
}
