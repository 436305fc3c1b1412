import type { ListedQuiet } from '../../model/listed-quiet.ts'
import { h } from './dom.ts'
import { badge, button, labelsText } from './parts.ts'
import { type State, say } from './state.ts'

/** Quiet times: those of the site file, and those that people have added. */
export function quietView(state: State): HTMLElement {
  return h(
    'div',
    { 'data-key': 'quiet-view' },
    h(
      'div',
      { class: 'title' },
      h('h1', {}, say(state, 'quiet')),
      button(say(state, 'newQuiet'), { do: 'silence', device: '', alarm: '' }, { class: 'strong' }),
    ),
    content(state),
  )
}

function content(state: State): HTMLElement {
  const { quiet } = state
  switch (quiet.state) {
    case 'loading':
      return h('p', { class: 'none', 'data-key': 'quiet' }, say(state, 'loading'))
    case 'failed':
      return h('p', { class: 'none', 'data-key': 'quiet' }, `${say(state, 'failed')}: ${quiet.why}`)
    case 'there':
      if (quiet.answer.length === 0) return h('p', { class: 'none', 'data-key': 'quiet' }, say(state, 'noQuiet'))
      return h('ul', { class: 'quiets', 'data-key': 'quiet-there' }, ...quiet.answer.map((one) => card(one, state)))
  }
}

function card(quiet: ListedQuiet, state: State): HTMLElement {
  const { name, by, note, devices, alarms, match } = quiet
  const scope = [...devices, ...alarms, labelsText(match)].filter((text) => text !== '').join(', ')
  const times = quiet.recurring === true ? say(state, 'recurring') : `${quiet.from ?? ''} – ${quiet.until ?? ''}`
  const unwell = quiet.unwell ?? []
  return h(
    'li',
    { class: 'quiet', 'data-key': name },
    h(
      'div',
      { class: 'title' },
      h('h2', {}, name),
      quiet.active ? badge('pending', say(state, 'active')) : badge('unknown', say(state, 'planned')),
      by === '' ? undefined : button(say(state, 'endQuiet'), { do: 'end-quiet', name }),
    ),
    h(
      'dl',
      { class: 'facts' },
      h('div', {}, h('dt', {}, say(state, 'scope')), h('dd', {}, scope)),
      h('div', {}, h('dt', {}, say(state, 'period')), h('dd', {}, times)),
      quiet.ends === undefined ? undefined : h('div', {}, h('dt', {}, say(state, 'until')), h('dd', {}, quiet.ends)),
      by === '' ? undefined : h('div', {}, h('dt', {}, say(state, 'by')), h('dd', {}, by)),
      note === '' ? undefined : h('div', {}, h('dt', {}, say(state, 'note')), h('dd', {}, note)),
      unwell.length === 0
        ? undefined
        : h('div', {}, h('dt', {}, say(state, 'notWell')), h('dd', {}, unwell.join(', '))),
    ),
  )
}
