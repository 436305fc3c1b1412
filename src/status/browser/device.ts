import type { DeviceReadings, DeviceStatus, LimitStatus, ReadingStatus } from '../shape.ts'
import { everyText, probeCells, stateBadge } from './devices.ts'
import { h } from './dom.ts'
import { badge, button, labelsText, standingText } from './parts.ts'
import { type State, say } from './state.ts'

/** Readings shown at once; the others are found by typing. */
const mostShown = 200
/** With so few readings their charts are open at once. */
const fewReadings = 6

/** One device: its probes, and every reading with its chart. */
export function deviceView(name: string, state: State): HTMLElement {
  const device = state.status?.devices.find((one) => one.name === name)
  if (device === undefined)
    return h('div', { 'data-key': 'no-device' }, h('h1', {}, name), h('p', {}, say(state, 'notHere')))
  return h(
    'div',
    { 'data-key': `device-${name}` },
    h('p', { class: 'back' }, h('a', { href: '#/devices' }, '‹ ', say(state, 'back'))),
    h(
      'div',
      { class: 'title' },
      h('h1', {}, name),
      stateBadge(device, state),
      button(say(state, 'silence'), { do: 'silence', device: name, alarm: '' }),
    ),
    h('p', { class: 'muted' }, device.address, '  ', labelsText(device.labels)),
    probeTable(device, state),
    h('h2', {}, say(state, 'readings')),
    h(
      'div',
      { class: 'filters' },
      h(
        'label',
        {},
        h('span', {}, say(state, 'findReading')),
        h('input', { type: 'search', 'data-input': 'reading', autocomplete: 'off', maxlength: 100 }),
      ),
    ),
    readingList(state),
  )
}

function probeTable({ probes }: DeviceStatus, state: State): HTMLElement {
  const head = (text: string): HTMLElement => h('th', { scope: 'col' }, text)
  return h(
    'table',
    { class: 'devices one' },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        head(say(state, 'probe')),
        head(say(state, 'lastPoll')),
        head(say(state, 'took')),
        head(say(state, 'error')),
      ),
    ),
    ...probes.map((probe) =>
      h(
        'tbody',
        { 'data-key': probe.probe },
        h('tr', {}, ...probeCells(probe, state)),
        h(
          'tr',
          { class: 'more' },
          h(
            'td',
            { colspan: 4, class: 'muted' },
            `${probe.title}, ${everyText(probe, state)}, ${probe.readings} ${say(state, 'readings')}`,
            ...(probe.doubts.length === 0
              ? []
              : [h('br'), h('b', {}, `${say(state, 'doubts')}: `), probe.doubts.join('; ')]),
          ),
        ),
      ),
    ),
  )
}

function readingList(state: State): HTMLElement {
  const { readings } = state
  switch (readings.state) {
    case 'loading':
      return h('p', { class: 'none', 'data-key': 'readings' }, say(state, 'loading'))
    case 'failed':
      return h('p', { class: 'none', 'data-key': 'readings' }, `${say(state, 'failed')}: ${readings.why}`)
    case 'there':
      return list(readings.answer, state)
  }
}

function list({ readings, total }: DeviceReadings, state: State): HTMLElement {
  const shown = readings.slice(0, mostShown)
  return h(
    'div',
    { 'data-key': 'readings-there' },
    shown.length < total ? h('p', { class: 'muted' }, `${shown.length} ${say(state, 'of')} ${total}`) : undefined,
    h('ul', { class: 'readings' }, ...shown.map((one) => readingRow(one, total <= fewReadings, state))),
  )
}

/** The one name of a reading on the page. */
export function readingKey({ metric, labels }: Pick<ReadingStatus, 'metric' | 'labels'>): string {
  return `${metric} ${JSON.stringify(labels)}`
}

function readingRow(reading: ReadingStatus, isOpen: boolean, state: State): HTMLElement {
  const { language } = state
  const key = readingKey(reading)
  return h(
    'li',
    { 'data-key': key },
    h(
      'details',
      { class: `reading ${reading.standing}`, open: isOpen, 'data-reading': key },
      h(
        'summary',
        {},
        h(
          'span',
          { class: 'reading-name' },
          reading.text[language],
          ' ',
          h('span', { class: 'muted' }, labelsText(reading.labels)),
        ),
        h('span', { class: 'reading-value' }, reading.words[language]),
        badge(reading.standing, standingText(reading.standing, state)),
      ),
      h(
        'p',
        { class: 'limits' },
        h('code', {}, reading.metric),
        ...reading.limits.map((limit) => limitText(limit, state)),
      ),
      h('div', { class: 'chart', 'data-own': true, 'data-chart': key }),
    ),
  )
}

function limitText({ alarm, severity, text }: LimitStatus, state: State): HTMLElement {
  const name = severity === 'critical' ? 'critical' : 'warning'
  return h('span', { class: `limit ${name}` }, `${alarm} (${say(state, name)}): ${text[state.language]}`)
}
