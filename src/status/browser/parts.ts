import type { AlarmStatus, ReadingStatus, Standing } from '../shape.ts'
import { h, svg } from './dom.ts'
import { type State, say } from './state.ts'
import { timeText, type Word } from './words.ts'

/** The outlines of the page's signs, on a field of 20 by 20. */
const outlines = {
  critical: 'M10 2 1.500 17.500h17zM10 8v4.500M10 14.800v.4',
  warning: 'M10 2 1.500 17.500h17zM10 8v4.500M10 14.800v.4',
  good: 'M4 10.500l4 4 8-9',
  pending: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6v4l2.500 2',
  unknown: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM8 8.200c0-2.800 4-2.800 4 0 0 1.700-2 1.700-2 3.300M10 13.800v.3',
  overview: 'M3 9.500 10 3l7 6.500V17h-5v-5H8v5H3z',
  devices: 'M3 4h14v4H3zM3 11h14v4H3zM6 6h.1M6 13h.1',
  history: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6v4l3 2',
  quiet: 'M4 4l12 12M8 4.300A4 4 0 0 1 14 8c0 1.500.2 2.600.6 3.500M6 8c0 4-2 5-2 6h10M9 17h2',
  person: 'M10 3a3 3 0 1 0 0 6.500A3 3 0 0 0 10 3zM4 17c0-3.500 2.500-5.500 6-5.500s6 2 6 5.500',
  wall: 'M2 4h16v10H2zM7 17h6',
} as const

export type Sign = keyof typeof outlines

/** A small sign beside a text that says the same: nothing to be read out. */
export function sign(name: Sign): SVGElement {
  return svg('svg', { viewBox: '0 0 20 20', class: 'sign', 'aria-hidden': 'true' }, svg('path', { d: outlines[name] }))
}

/** A standing or severity as a coloured word with its sign: never by colour alone. */
export function badge(name: Standing, text: string): HTMLElement {
  return h('span', { class: `badge ${name}` }, sign(name), text)
}

/** What an alarm's severity is shown as. */
export function gravity({ severity, state }: Pick<AlarmStatus, 'severity' | 'state'>): Standing {
  if (state === 'pending') return 'pending'
  return severity === 'critical' ? 'critical' : 'warning'
}

const standings: Readonly<Record<Standing, Word>> = {
  good: 'good',
  pending: 'pendingOne',
  warning: 'warning',
  critical: 'critical',
  unknown: 'unknown',
}

/** The word for a standing. */
export function standingText(standing: Standing, state: State): string {
  return say(state, standings[standing])
}

/** A moment, in the site's time zone; the exact one on a pointer's asking. */
export function time(iso: string, state: State): HTMLElement {
  const zone = state.status?.site.time_zone ?? 'UTC'
  return h('time', { datetime: iso, title: iso }, timeText(iso, state.now, zone, state.language))
}

/** A link to a device's own part of the page. */
export function deviceLink(name: string): HTMLElement {
  return h('a', { href: deviceAddress(name), class: 'device-link' }, name)
}

export function deviceAddress(name: string): string {
  return `#/device/${encodeURIComponent(name)}`
}

/** Labels as people read them: `sensor=return phase=2`. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

/** A button that does something: `data-do` names it, the other data are for it. */
export function button(
  text: string,
  data: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): HTMLElement {
  const named = Object.fromEntries(Object.entries(data).map(([name, value]) => [`data-${name}`, value]))
  return h('button', { type: 'button', ...more, ...named }, text)
}

/** Where a value stands between its limits: green inside all of them, red outside of the critical ones. */
export function scale({ value, limits, words }: ReadingStatus, language: 'en' | 'zh'): SVGElement | undefined {
  const closed = limits.filter(({ low, high }) => low !== null && high !== null)
  if (value === null || closed.length === 0) return undefined
  const edges = closed.flatMap(({ low, high }) => [low ?? 0, high ?? 0])
  const [least, most] = [Math.min(...edges), Math.max(...edges)]
  const margin = (most - least) * 0.2
  const place = (at: number): number =>
    Math.min(100, Math.max(0, ((at - least + margin) / (most - least + 2 * margin)) * 100))
  const zone = (low: number, high: number, name: string): SVGElement =>
    svg('rect', { x: place(low), y: 3, width: Math.max(0, place(high) - place(low)), height: 4, class: `zone ${name}` })
  const inside = (severity: string | undefined): readonly [number, number] => {
    const those = closed.filter((limit) => severity === undefined || limit.severity === severity)
    return [Math.max(...those.map(({ low }) => low ?? 0)), Math.min(...those.map(({ high }) => high ?? 0))]
  }
  const hasCritical = closed.some(({ severity }) => severity === 'critical')
  return svg(
    'svg',
    { viewBox: '0 0 100 10', preserveAspectRatio: 'none', class: 'scale', role: 'img', 'aria-label': words[language] },
    svg('rect', { x: 0, y: 3, width: 100, height: 4, class: `zone ${hasCritical ? 'critical' : 'warning'}` }),
    ...(hasCritical ? [zone(...inside('critical'), 'warning')] : []),
    zone(...inside(undefined), 'good'),
    svg('rect', { x: Math.min(98.6, Math.max(0, place(value) - 0.7)), y: 0, width: 1.4, height: 10, class: 'marker' }),
  )
}
