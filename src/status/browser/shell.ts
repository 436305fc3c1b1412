import { alarmSection } from './alarms.ts'
import { banner, linkState, warningsOf } from './banner.ts'
import { deviceView } from './device.ts'
import { classSection, devicesView } from './devices.ts'
import { h } from './dom.ts'
import { historyView } from './history.ts'
import { toldAlarms } from './model.ts'
import { button, type Sign, sign } from './parts.ts'
import { quietView } from './quiet.ts'
import { roomSection } from './room.ts'
import { type State, say, type View } from './state.ts'
import { wallView } from './wall.ts'
import type { Word } from './words.ts'

/** The whole page. */
export function page(state: State): HTMLElement {
  if (state.view.name === 'wall') return wallView(state)
  return h(
    'div',
    { id: 'page', class: 'page' },
    h('a', { href: '#main', class: 'skip', 'data-do': 'skip' }, say(state, 'skip')),
    header(state),
    h(
      'main',
      { id: 'main', tabindex: -1, 'aria-busy': state.status === undefined },
      ...(state.status === undefined
        ? [h('p', { class: 'none', 'data-key': 'loading' }, say(state, 'connecting'))]
        : view(state)),
    ),
    footer(state),
  )
}

const places: readonly (readonly [View['name'], string, Word, Sign])[] = [
  ['overview', '#/', 'overview', 'overview'],
  ['devices', '#/devices', 'devices', 'devices'],
  ['history', '#/history', 'history', 'history'],
  ['quiet', '#/quiet', 'quiet', 'quiet'],
]

function header(state: State): HTMLElement {
  const here = state.view.name === 'device' ? 'devices' : state.view.name
  const told = state.status === undefined ? 0 : toldAlarms(state.status).length
  return h(
    'header',
    { class: 'top', 'data-key': 'top' },
    h(
      'div',
      { class: 'bar' },
      h(
        'a',
        { href: '#/', class: 'site' },
        h('span', { class: 'logo' }, sign('good')),
        state.status?.site.name ?? 'siteward',
      ),
      linkState(state),
      h(
        'div',
        { class: 'tools' },
        button(say(state, 'language'), { do: 'language' }, { lang: state.language === 'zh' ? 'en' : 'zh-CN' }),
        state.operator === undefined
          ? button(say(state, 'operate'), { do: 'sign-in' })
          : button(`${say(state, 'operating')} (${state.operator})`, { do: 'sign-out' }),
      ),
    ),
    h(
      'nav',
      { 'aria-label': say(state, 'main') },
      ...places.map(([name, address, text, mark]) =>
        h(
          'a',
          { href: address, 'data-key': name, 'aria-current': name === here ? 'page' : undefined },
          sign(mark),
          h('span', {}, say(state, text)),
          name === 'overview' && told > 0 && h('span', { class: 'count' }, String(told)),
        ),
      ),
    ),
  )
}

function view(state: State): readonly (HTMLElement | undefined)[] {
  const { view } = state
  const warnings = [...warningsOf(state)].map((text) =>
    h('p', { class: 'caution', 'data-key': text }, sign('warning'), say(state, text)),
  )
  switch (view.name) {
    case 'devices':
      return [...warnings, devicesView(state)]
    case 'device':
      return [...warnings, deviceView(view.device, state)]
    case 'history':
      return [...warnings, historyView(state)]
    case 'quiet':
      return [...warnings, quietView(state)]
    default:
      return [...warnings, banner(state), alarmSection(state), roomSection(state), classSection(state)]
  }
}

function footer(state: State): HTMLElement {
  return h(
    'footer',
    { 'data-key': 'footer' },
    h('a', { href: '/wall' }, say(state, 'wall')),
    h('a', { href: '/metrics' }, say(state, 'metrics')),
    h('span', {}, `siteward ${state.status?.site.version ?? ''}`),
  )
}
