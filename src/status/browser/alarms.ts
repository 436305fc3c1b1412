import type { AlarmStatus, StepStatus } from '../shape.ts'
import { h } from './dom.ts'
import { toldAlarms } from './model.ts'
import { badge, button, deviceAddress, deviceLink, gravity, labelsText, time } from './parts.ts'
import { type State, say } from './state.ts'
import { lengthText, type Word } from './words.ts'

/** A storm of alarms must not stop the browser: beyond these the count tells. */
const mostShown = 200

/** The alarms that fire, `most` of them, and behind them those that people are not told of (yet). */
export function alarmSection(state: State, most = mostShown): HTMLElement {
  const { alarms } = state.status ?? { alarms: [] }
  const told = toldAlarms({ alarms })
  return h(
    'section',
    { 'aria-labelledby': 'firing', 'data-key': 'alarms' },
    h('h2', { id: 'firing' }, say(state, 'firing'), ' ', h('span', { class: 'count' }, String(told.length))),
    told.length === 0 ? h('p', { class: 'none' }, say(state, 'noneFiring')) : list(told, state, most),
    told.length > most ? h('p', { class: 'none' }, `+ ${told.length - most}`) : undefined,
    others(
      'held',
      alarms.filter(({ held }) => held !== null),
      state,
    ),
    others(
      'pending',
      alarms.filter((one) => one.state === 'pending'),
      state,
    ),
  )
}

function others(title: 'held' | 'pending', alarms: readonly AlarmStatus[], state: State): HTMLElement | undefined {
  if (alarms.length === 0) return undefined
  return h(
    'details',
    { class: 'others', 'data-key': title },
    h('summary', {}, say(state, title), ' ', h('span', { class: 'count' }, String(alarms.length))),
    list(alarms, state),
  )
}

function list(alarms: readonly AlarmStatus[], state: State, most = mostShown): HTMLElement {
  return h('ul', { class: 'alarms' }, ...alarms.slice(0, most).map((alarm) => card(alarm, state)))
}

function card(alarm: AlarmStatus, state: State): HTMLElement {
  const { language } = state
  const grave = gravity(alarm)
  const name = grave === 'pending' ? 'pendingOne' : grave === 'critical' ? 'critical' : 'warning'
  return h(
    'li',
    { class: `alarm ${grave}${alarm.held === null ? '' : ' held'}`, 'data-key': alarm.id },
    h(
      'div',
      { class: 'alarm-head' },
      badge(grave, say(state, name)),
      alarm.escalated_at !== null && alarm.taken === null && badge('critical', say(state, 'unacknowledged')),
      h('span', { class: 'lasting' }, lengthText((state.now - Date.parse(alarm.since)) / 1000, language)),
    ),
    h('h3', {}, alarm.summary[language]),
    facts(alarm, state),
    alarm.check === null
      ? undefined
      : h('p', { class: 'check' }, h('b', {}, say(state, 'check')), ' ', alarm.check[language]),
    ...steps(alarm, state),
    alarm.state === 'firing' && alarm.held === null ? actions(alarm, state) : undefined,
  )
}

const holds: Readonly<Record<NonNullable<AlarmStatus['held']>['reason'], Word>> = {
  parent: 'parent',
  settling: 'settling',
  inhibited: 'inhibited',
  quiet: 'quietHold',
}

function facts(alarm: AlarmStatus, state: State): HTMLElement {
  const { language } = state
  const fact = (name: Word, ...content: (Node | string)[]): HTMLElement =>
    h('div', {}, h('dt', {}, say(state, name)), h('dd', {}, ...content))
  return h(
    'dl',
    { class: 'facts' },
    fact(
      'device',
      isDevice(alarm.device, state) ? deviceLink(alarm.device) : alarm.device,
      ' ',
      labelsText(alarm.labels),
    ),
    alarm.value === null
      ? undefined
      : fact('value', alarm.value[language], alarm.stale ? ` (${say(state, 'stale')})` : ''),
    alarm.limit === null ? undefined : fact('limit', alarm.limit[language]),
    alarm.place === '' ? undefined : fact('place', alarm.place),
    fact('since', time(alarm.since, state)),
    fact('rule', alarm.alarm),
    fact('id', h('code', {}, alarm.id)),
    alarm.held === null ? undefined : fact('held', `${say(state, holds[alarm.held.reason])}: ${alarm.held.by}`),
  )
}

function steps(alarm: AlarmStatus, state: State): readonly HTMLElement[] {
  const step = (name: Word, done: StepStatus | null): readonly HTMLElement[] =>
    done === null
      ? []
      : [
          h(
            'p',
            { class: 'step' },
            badge('good', say(state, name)),
            ` ${done.by}, `,
            time(done.at, state),
            done.note === '' ? '' : `: ${done.note}`,
          ),
        ]
  return [...step('takenBy', alarm.taken), ...step('onSiteBy', alarm.on_site), ...step('repairedBy', alarm.repaired)]
}

function actions(alarm: AlarmStatus, state: State): HTMLElement {
  const about = { 'aria-describedby': `about-${alarm.id}` }
  const step = (name: 'take' | 'onSite' | 'repaired', what: string, kind: string): HTMLElement =>
    button(say(state, name), { do: 'attend', id: alarm.id, step: what }, { ...about, class: kind })
  const isOpen = alarm.taken === null && alarm.on_site === null && alarm.repaired === null
  return h(
    'div',
    { class: 'actions' },
    h('span', { class: 'unseen', id: `about-${alarm.id}` }, alarm.summary[state.language]),
    isOpen ? step('take', 'taken', 'strong') : undefined,
    alarm.on_site === null && alarm.repaired === null ? step('onSite', 'on_site', '') : undefined,
    alarm.repaired === null ? step('repaired', 'repaired', '') : undefined,
    button(say(state, 'silence'), { do: 'silence', device: alarm.device, alarm: alarm.alarm }, about),
    isDevice(alarm.device, state)
      ? h('a', { href: deviceAddress(alarm.device), class: 'as-button' }, say(state, 'details'))
      : undefined,
  )
}

/** A group of devices, and siteward itself, have alarms, but no part of the page. */
function isDevice(name: string, { status }: State): boolean {
  return status?.devices.some((device) => device.name === name) === true
}
