import { h } from './dom.ts'
import { button } from './parts.ts'
import { type State, say } from './state.ts'
import type { Word } from './words.ts'

const tokenKey = 'siteward-token'
const operatorKey = 'siteward-operator'
const nameKey = 'siteward-name'

/** What an operation came to. */
export type Outcome =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly status: number; readonly why: string }

/** Who operates: a token that stays in this tab, and is shown to siteward with each operation alone. */
export const operator = {
  /** The name that siteward has for the token; undefined where nobody has signed in. */
  get name(): string | undefined {
    return sessionStorage.getItem(operatorKey) ?? undefined
  },
  /** Asks siteward whose token it is; keeps it where it is somebody's. */
  async signIn(token: string): Promise<Outcome> {
    const outcome = await ask('GET', '/api/v1/status/caller', undefined, token)
    if (!outcome.ok) return outcome
    const { caller } = outcome.body as { caller: string }
    if (caller === '') return { ok: false, status: 401, why: '' }
    sessionStorage.setItem(tokenKey, token)
    sessionStorage.setItem(operatorKey, caller)
    return outcome
  },
  signOut(): void {
    sessionStorage.removeItem(tokenKey)
    sessionStorage.removeItem(operatorKey)
  },
}

/** Calls an operation with the operator's token. */
export async function operate(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<Outcome> {
  const outcome = await ask(method, path, body, sessionStorage.getItem(tokenKey) ?? '')
  if (!outcome.ok && outcome.status === 401) operator.signOut()
  return outcome
}

async function ask(method: string, path: string, body: unknown, token: string): Promise<Outcome> {
  try {
    const response = await fetch(path, {
      method,
      cache: 'no-store',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer: unknown = await response.json().catch(() => ({}))
    if (response.ok) return { ok: true, body: answer }
    const why =
      typeof answer === 'object' && answer !== null && 'error' in answer ? String(answer.error) : response.statusText
    return { ok: false, status: response.status, why }
  } catch (error) {
    // A token with a sign that no header can have is refused by the browser itself.
    return { ok: false, status: 0, why: error instanceof Error ? error.message : String(error) }
  }
}

/** A field of a dialog. */
interface Field {
  readonly name: string
  readonly label: Word
  readonly kind: 'text' | 'password' | 'select'
  readonly value?: string
  readonly needed: boolean
  readonly options?: readonly (readonly [string, Word])[]
}

/** A question to the operator. */
export interface Question {
  readonly title: string
  readonly text: string
  readonly fields: readonly Field[]
  readonly confirm: Word
  /** Does it; the text of what went wrong, or undefined when it is done. */
  act(values: Readonly<Record<string, string>>): Promise<string | undefined>
}

/** The name that was typed last: whoever has acknowledged one alarm need not type it for the next. */
export function lastName(): string {
  return sessionStorage.getItem(nameKey) ?? ''
}

export function keepName(name: string): void {
  sessionStorage.setItem(nameKey, name)
}

/** Asks in a dialog of its own; resolves when it is closed: true when it was done. */
export function askFor(question: Question, state: State): Promise<boolean> {
  const problem = h('p', { class: 'problem', role: 'alert' })
  const confirm = h('button', { type: 'submit', class: 'strong' }, say(state, question.confirm))
  const form = h(
    'form',
    { autocomplete: 'off' },
    h('h2', { id: 'question' }, question.title),
    h('p', { class: 'muted' }, question.text),
    ...question.fields.map((field) => h('label', {}, h('span', {}, say(state, field.label)), control(field, state))),
    problem,
    h('div', { class: 'actions' }, confirm, button(say(state, 'cancel'), { close: '' })),
  )
  const dialog = h('dialog', { 'aria-labelledby': 'question' }, form) as HTMLDialogElement
  document.body.append(dialog)
  dialog.showModal()
  return new Promise((resolve) => {
    let isDone = false
    dialog.addEventListener('click', (event) => {
      if (event.target instanceof Element && event.target.closest('[data-close]') !== null) dialog.close()
    })
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(isDone)
    })
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      confirm.setAttribute('disabled', '')
      const values = Object.fromEntries(
        [...new FormData(form as HTMLFormElement)].map(([name, value]) => [name, String(value)]),
      )
      void question.act(values).then((why) => {
        confirm.removeAttribute('disabled')
        problem.textContent = why ?? ''
        isDone = why === undefined
        if (isDone) dialog.close()
      })
    })
  })
}

function control({ name, kind, value, needed, options = [] }: Field, state: State): HTMLElement {
  if (kind !== 'select')
    return h('input', {
      name,
      type: kind,
      value,
      required: needed,
      maxlength: 2000,
      autocomplete: 'off',
      spellcheck: 'false',
    })
  return h(
    'select',
    { name },
    ...options.map(([option, text]) => h('option', { value: option, selected: option === value }, say(state, text))),
  )
}
