import type { GlanceStatus, ReadingStatus, Standing } from '../shape.ts'
import { h } from './dom.ts'
import { valuesText } from './figures.ts'
import { badge, deviceLink, labelsText, scale, standingText } from './parts.ts'
import { type State, say } from './state.ts'
import type { Language, Word } from './words.ts'

const kinds: Readonly<Record<GlanceStatus['kind'], Word>> = {
  room: 'kindRoom',
  ups: 'kindUps',
  cooling: 'kindCooling',
  meter: 'kindMeter',
}

/** The room at a glance. */
export function roomSection(state: State): HTMLElement | undefined {
  const { room } = state.status ?? { room: [] }
  if (room.length === 0) return undefined
  return h(
    'section',
    { 'aria-labelledby': 'room', 'data-key': 'room', class: 'room' },
    h('h2', { id: 'room' }, say(state, 'room')),
    h('div', { class: 'tiles' }, ...room.map((one) => tile(one, state))),
  )
}

const grave: readonly Standing[] = ['critical', 'warning', 'unknown', 'pending', 'good']

function worst(readings: readonly ReadingStatus[]): Standing {
  return grave.find((standing) => readings.some((one) => one.standing === standing)) ?? 'unknown'
}

/** A device of the room: its first reading large, the others below. */
function tile({ kind, device, place, readings }: GlanceStatus, state: State): HTMLElement {
  const [first, ...others] = byMetric(readings)
  const standing = worst(readings)
  return h(
    'article',
    {
      class: `tile ${kind} ${standing}`,
      'data-key': `${kind} ${device}`,
      'aria-label': `${say(state, kinds[kind])}: ${device}`,
    },
    h('p', { class: 'kind' }, say(state, kinds[kind]), place === '' ? '' : `, ${place}`),
    h('header', {}, deviceLink(device), badge(standing, standingText(standing, state))),
    first === undefined ? undefined : large(first, state),
    h('dl', {}, ...others.map((those) => small(those, state))),
  )
}

/** Readings of one metric, such as those of three phases, stand together. */
function byMetric(readings: readonly ReadingStatus[]): readonly (readonly ReadingStatus[])[] {
  const groups = new Map<string, ReadingStatus[]>()
  for (const reading of readings) {
    const group = groups.get(reading.metric)
    if (group === undefined) groups.set(reading.metric, [reading])
    else group.push(reading)
  }
  return [...groups.values()]
}

function large(readings: readonly ReadingStatus[], state: State): HTMLElement {
  const { language } = state
  const [first, ...others] = readings
  if (first === undefined) return h('div', {})
  return h(
    'div',
    { class: 'large' },
    h('p', { class: `figure ${worst(readings)}` }, ...figure(valuesText(readings, language), first.kind)),
    h('p', { class: 'what' }, first.text[language], others.length === 0 ? ` ${labelsText(first.labels)}` : ''),
    others.length === 0 ? scale(first, language) : undefined,
  )
}

/** A number large, its unit small. */
function figure(text: string, kind: ReadingStatus['kind']): readonly (Node | string)[] {
  const [, number, unit] = /^(-?[\d. /–-]+) (\D+)$/.exec(text) ?? []
  if (kind === 'state' || number === undefined || unit === undefined) return [text]
  return [number, h('span', { class: 'unit' }, ` ${unit}`)]
}

function small(readings: readonly ReadingStatus[], state: State): HTMLElement {
  const { language } = state
  const [first, ...others] = readings
  if (first === undefined) return h('div', {})
  const standing = worst(readings)
  return h(
    'div',
    { class: standing, 'data-key': first.metric },
    h('dt', {}, first.text[language], others.length === 0 ? ` ${labelsText(first.labels)}` : ''),
    h(
      'dd',
      {},
      valuesText(readings, language),
      isBad(standing) && h('span', { class: 'word' }, ` ${standingText(standing, state)}`),
    ),
    others.length === 0 ? scaleCell(first, language) : undefined,
  )
}

function scaleCell(reading: ReadingStatus, language: Language): HTMLElement | undefined {
  const drawn = scale(reading, language)
  return drawn === undefined ? undefined : h('dd', { class: 'scale-cell' }, drawn)
}

function isBad(standing: Standing): boolean {
  return standing === 'warning' || standing === 'critical'
}
