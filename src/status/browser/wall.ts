import { alarmSection } from './alarms.ts'
import { banner, linkState, warningsOf } from './banner.ts'
import { classSection } from './devices.ts'
import { h } from './dom.ts'
import { sign } from './parts.ts'
import { roomSection } from './room.ts'
import { type State, say } from './state.ts'
import { timeText } from './words.ts'

/** What a screen has room for; the others are counted. */
const mostAlarms = 5

/** The large screen on the wall: nothing to press, everything to be read from afar. */
export function wallView(state: State): HTMLElement {
  const { status } = state
  const clock = status === undefined ? '' : timeText(state.now, state.now, status.site.time_zone, state.language)
  return h(
    'div',
    { id: 'page', class: `page wall${state.link === 'lost' ? ' old' : ''}` },
    h(
      'header',
      { class: 'top', 'data-key': 'top' },
      h('p', { class: 'site' }, status?.site.name ?? 'siteward'),
      linkState(state),
      h('p', { class: 'clock' }, clock),
    ),
    h(
      'main',
      { id: 'main' },
      ...[...warningsOf(state)].map((text) =>
        h('p', { class: 'caution', 'data-key': text }, sign('warning'), say(state, text)),
      ),
      ...(status === undefined
        ? [h('p', { class: 'none', 'data-key': 'loading' }, say(state, 'connecting'))]
        : [banner(state)]),
      h(
        'div',
        { class: 'columns', 'data-key': 'columns' },
        h('div', { class: 'column' }, alarmSection(state, mostAlarms), classSection(state)),
        h('div', { class: 'column' }, roomSection(state)),
      ),
    ),
  )
}
