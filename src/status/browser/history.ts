import { h } from './dom.ts'
import { badge, button, deviceLink, gravity, labelsText, time } from './parts.ts'
import { type PastAlarm, type State, say } from './state.ts'
import { lengthText, type Word } from './words.ts'

/** Alarms on one page of the history. */
const pageLength = 100

const periods: readonly (readonly [string, Word])[] = [
  ['24h', 'day'],
  ['7d', 'days7'],
  ['30d', 'days30'],
  ['90d', 'days90'],
]

/** What has fired, from the record. */
export function historyView(state: State): HTMLElement {
  return h(
    'div',
    { 'data-key': 'history-view' },
    h('h1', {}, say(state, 'history')),
    h(
      'div',
      { class: 'filters' },
      h(
        'label',
        {},
        h('span', {}, say(state, 'period')),
        h(
          'select',
          { 'data-input': 'since' },
          ...periods.map(([value, name]) =>
            h('option', { value, selected: value === state.pastSince }, say(state, name)),
          ),
        ),
      ),
      button(say(state, 'again'), { do: 'reload-history' }),
    ),
    content(state),
  )
}

function content(state: State): HTMLElement {
  const { past, pastPage } = state
  switch (past.state) {
    case 'loading':
      return h('p', { class: 'none', 'data-key': 'past' }, say(state, 'loading'))
    case 'failed':
      return h('p', { class: 'none', 'data-key': 'past' }, `${say(state, 'failed')}: ${past.why}`)
    case 'there': {
      const newest = [...past.answer].reverse()
      if (newest.length === 0) return h('p', { class: 'none', 'data-key': 'past' }, say(state, 'noHistory'))
      const shown = newest.slice(pastPage * pageLength, (pastPage + 1) * pageLength)
      return h('div', { 'data-key': 'past-there' }, table(shown, state), pager(newest.length, state))
    }
  }
}

function pager(count: number, state: State): HTMLElement | undefined {
  if (count <= pageLength) return undefined
  const { pastPage } = state
  const last = Math.ceil(count / pageLength) - 1
  return h(
    'p',
    { class: 'pager' },
    pastPage > 0 ? button(say(state, 'newer'), { do: 'page', page: String(pastPage - 1) }) : undefined,
    h('span', {}, `${pastPage + 1} ${say(state, 'of')} ${last + 1}`),
    pastPage < last ? button(say(state, 'older'), { do: 'page', page: String(pastPage + 1) }) : undefined,
  )
}

function table(alarms: readonly PastAlarm[], state: State): HTMLElement {
  const head = (name: Word): HTMLElement => h('th', { scope: 'col' }, say(state, name))
  return h(
    'table',
    { class: 'past' },
    h(
      'thead',
      {},
      h('tr', {}, head('severity'), head('alarm'), head('began'), head('lasted'), head('takenBy'), head('levels')),
    ),
    h('tbody', {}, ...alarms.map((alarm) => row(alarm, state))),
  )
}

function row(alarm: PastAlarm, state: State): HTMLElement {
  const cell = (name: Word, ...content: (Node | string)[]): HTMLElement =>
    h('td', { 'data-label': say(state, name) }, ...content)
  const grave = gravity({ severity: alarm.severity, state: 'firing' })
  const isOver = alarm.state === 'resolved'
  return h(
    'tr',
    { 'data-key': `${alarm.id} ${alarm.fired_at}` },
    cell('severity', badge(grave, say(state, grave === 'critical' ? 'critical' : 'warning'))),
    cell(
      'alarm',
      h('span', { class: 'summary' }, alarm.summary),
      h(
        'span',
        { class: 'muted' },
        deviceLink(alarm.device),
        ` ${alarm.alarm} ${labelsText(alarm.labels)} `,
        h('code', {}, alarm.id),
      ),
    ),
    cell('began', time(alarm.fired_at, state)),
    cell('lasted', isOver ? lengthText(alarm.lasted_seconds, state.language) : h('b', {}, say(state, 'stillFiring'))),
    cell('takenBy', ...takenText(alarm, state)),
    cell('levels', ...levels(alarm, state)),
  )
}

function takenText({ taken }: PastAlarm, state: State): readonly (Node | string)[] {
  if (taken === null) return ['–']
  return [`${taken.by}, `, time(taken.at, state), taken.note === '' ? '' : `: ${taken.note}`]
}

const levelWords: Readonly<Record<string, Word>> = { response: 'response', on_site: 'on_site', repair: 'repair' }
const stateWords: Readonly<Record<string, Word>> = {
  met: 'met',
  missed: 'missed',
  open: 'open',
  late: 'late',
  void: 'void',
}

function levels({ service_levels: times }: PastAlarm, state: State): readonly (Node | string)[] {
  if (times.length === 0) return ['–']
  return times.map(({ level, state: how }) => {
    const isBad = how === 'missed' || how === 'late'
    const text = `${say(state, levelWords[level] ?? 'levels')}: ${say(state, stateWords[how] ?? 'open')}`
    return h('span', { class: isBad ? 'level bad' : 'level' }, text)
  })
}
