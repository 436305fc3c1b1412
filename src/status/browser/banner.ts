import { h } from './dom.ts'
import { type Mood, moodOf, toldAlarms } from './model.ts'
import { type Sign, sign, time } from './parts.ts'
import { type State, say } from './state.ts'
import type { Word } from './words.ts'

/** Whether what is shown is what is so. */
export function linkState(state: State): HTMLElement {
  const word = { live: 'live', connecting: 'connecting', lost: 'lost' } as const
  return h(
    'p',
    { class: `link ${state.link}`, 'data-key': 'link' },
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    say(state, word[state.link]),
    ...(state.status === undefined
      ? []
      : [' ', h('span', { class: 'as-of' }, say(state, 'asOf'), ' ', time(state.status.at, state))]),
  )
}

/** What makes the whole page less than true, or the alarms less than told. */
export function* warningsOf({ link, status }: State): Generator<Word> {
  if (link === 'lost') yield 'lostLong'
  if (status === undefined) return
  if (!status.site.record_up) yield 'recordDown'
  if (status.site.alertmanagers === 0 && status.site.judge !== 'prometheus') yield 'noAlertmanager'
}

const moods: Readonly<Record<Mood, Sign>> = {
  critical: 'critical',
  warning: 'warning',
  unread: 'unknown',
  well: 'good',
}

/** How the site is, in one line. */
export function banner(state: State): HTMLElement {
  const { status } = state
  if (status === undefined) return h('p', {})
  const mood = moodOf(status)
  const told = toldAlarms(status)
  const critical = told.filter(({ severity }) => severity === 'critical').length
  const up = status.devices.filter((device) => device.state === 'up' || device.state === 'partial').length
  return h(
    'div',
    { class: `banner ${mood}`, 'data-key': 'banner' },
    sign(moods[mood]),
    h('h1', {}, headline(state, mood, told.length - critical, critical)),
    h('p', {}, `${up}/${status.devices.length} ${say(state, 'devicesUp')}`),
  )
}

function headline(state: State, mood: Mood, warnings: number, criticals: number): string {
  const isStarting = state.status?.devices.some((device) => device.state === 'waiting') === true
  if (mood === 'well') return say(state, 'allWell')
  if (mood === 'unread') return say(state, isStarting ? 'starting' : 'notAllRead')
  const part = (count: number, name: Word): readonly string[] => (count === 0 ? [] : [`${count} ${say(state, name)}`])
  return `${say(state, 'firing')}: ${[...part(criticals, 'critical'), ...part(warnings, 'warning')].join(', ')}`
}
