import type { DeviceStatus, ProbeStatus, Standing } from '../shape.ts'
import { h } from './dom.ts'
import { byClass, fits, isTroubled } from './model.ts'
import { badge, deviceLink, time } from './parts.ts'
import { type State, say } from './state.ts'
import { classRank, classText, lengthText } from './words.ts'

/** Each class of devices, with how many of it are well. */
export function classSection(state: State): HTMLElement {
  const { devices } = state.status ?? { devices: [] }
  return h(
    'section',
    { 'aria-labelledby': 'classes', 'data-key': 'classes' },
    h('h2', { id: 'classes' }, say(state, 'devices')),
    h('ul', { class: 'classes' }, ...byClass(devices, classRank).map(([name, those]) => classCard(name, those, state))),
  )
}

function classCard(name: string, devices: readonly DeviceStatus[], state: State): HTMLElement {
  const troubled = devices.filter(isTroubled)
  const standing = worst(devices)
  return h(
    'li',
    { class: `class ${standing}`, 'data-key': name },
    h('a', { href: '#/devices' }, classText(name, state.language)),
    h('span', { class: 'share' }, `${devices.length - troubled.length}/${devices.length}`),
    badge(
      standing,
      standing === 'good'
        ? say(state, 'good')
        : troubled
            .slice(0, 3)
            .map((one) => one.name)
            .join(', '),
    ),
  )
}

function worst(devices: readonly DeviceStatus[]): Standing {
  if (devices.some(({ firing, state }) => firing.critical > 0 || state === 'down')) return 'critical'
  if (devices.some(({ firing, state }) => firing.warning > 0 || state === 'partial')) return 'warning'
  return devices.some(({ state }) => state === 'waiting') ? 'unknown' : 'good'
}

/** All devices by class, with the last poll of each probe. */
export function devicesView(state: State): HTMLElement {
  const { devices } = state.status ?? { devices: [] }
  const shown = devices.filter((device) => fits(device, state.filter) && (!state.onlyTroubled || isTroubled(device)))
  return h(
    'div',
    { 'data-key': 'devices-view' },
    h('h1', {}, say(state, 'devices')),
    h(
      'div',
      { class: 'filters' },
      h(
        'label',
        {},
        h('span', {}, say(state, 'filter')),
        h('input', { type: 'search', 'data-input': 'filter', autocomplete: 'off', maxlength: 100 }),
      ),
      h(
        'label',
        { class: 'choice' },
        h('input', { type: 'checkbox', 'data-input': 'troubled' }),
        h('span', {}, say(state, 'troubledOnly')),
      ),
    ),
    shown.length === 0 ? h('p', { class: 'none' }, say(state, 'noDevice')) : undefined,
    ...byClass(shown, classRank).map(([name, those]) => classTable(name, those, state)),
  )
}

function classTable(name: string, devices: readonly DeviceStatus[], state: State): HTMLElement {
  const head = (text: string): HTMLElement => h('th', { scope: 'col' }, text)
  return h(
    'section',
    { 'data-key': `class-${name}`, 'aria-label': classText(name, state.language) },
    h('h2', {}, classText(name, state.language), ' ', h('span', { class: 'count' }, String(devices.length))),
    h(
      'table',
      { class: 'devices' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          head(say(state, 'device')),
          head(say(state, 'state')),
          head(say(state, 'probe')),
          head(say(state, 'lastPoll')),
          head(say(state, 'took')),
          head(say(state, 'error')),
        ),
      ),
      ...devices.map((device) => deviceRows(device, state)),
    ),
  )
}

function deviceRows(device: DeviceStatus, state: State): HTMLElement {
  const [first, ...others] = device.probes
  const span = Math.max(1, device.probes.length)
  const { critical, warning } = device.firing
  return h(
    'tbody',
    { 'data-key': device.name },
    h(
      'tr',
      {},
      h(
        'th',
        { scope: 'rowgroup', rowspan: span },
        deviceLink(device.name),
        h('span', { class: 'address' }, device.address),
      ),
      h(
        'td',
        { rowspan: span, class: 'state' },
        stateBadge(device, state),
        critical > 0 && badge('critical', `${critical} ${say(state, 'critical')}`),
        warning > 0 && badge('warning', `${warning} ${say(state, 'warning')}`),
      ),
      ...(first === undefined ? [] : probeCells(first, state)),
    ),
    ...others.map((probe) => h('tr', {}, ...probeCells(probe, state))),
  )
}

const states = { up: 'good', partial: 'warning', down: 'critical', waiting: 'unknown' } as const satisfies Readonly<
  Record<DeviceStatus['state'], Standing>
>

/** Whether a device answers. */
export function stateBadge(device: DeviceStatus, state: State): HTMLElement {
  return badge(states[device.state], say(state, device.state))
}

/** What a probe's last poll was like, in cells of a table. */
export function probeCells(probe: ProbeStatus, state: State): readonly HTMLElement[] {
  const [fault] = probe.faults
  const cell = (name: 'probe' | 'lastPoll' | 'took' | 'error', ...content: (Node | string)[]): HTMLElement =>
    h('td', { 'data-label': say(state, name), class: name }, ...content)
  return [
    cell('probe', h('span', { title: probe.title }, probe.probe)),
    cell('lastPoll', probe.polled_at === null ? '–' : time(probe.polled_at, state)),
    cell('took', probe.duration_seconds === null ? '–' : durationText(probe.duration_seconds)),
    fault === undefined
      ? cell('error', h('span', { class: 'muted' }, '–'))
      : cell('error', h('span', { class: 'fault' }, h('b', {}, fault.kind), ` ${fault.detail}`)),
  ]
}

/** `12 ms`, `3.4 s`. */
function durationText(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`
}

/** How often a probe is polled. */
export function everyText(probe: ProbeStatus, state: State): string {
  return `${say(state, 'every')} ${lengthText(probe.interval_seconds, state.language)}`
}
