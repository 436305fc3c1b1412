import { askFor, keepName, lastName, type Outcome, operate, operator } from './operate.ts'
import { type State, say } from './state.ts'
import type { Word } from './words.ts'

const step = { taken: 'take', on_site: 'onSite', repaired: 'repaired' } as const satisfies Readonly<
  Record<string, Word>
>

/** Lets somebody sign in, where nobody has; false where they would not. */
export async function signIn(state: State): Promise<boolean> {
  if (operator.name !== undefined) return true
  return askFor(
    {
      title: say(state, 'operate'),
      text: say(state, 'tokenWhat'),
      confirm: 'save',
      fields: [{ name: 'token', label: 'token', kind: 'password', needed: true }],
      act: async ({ token = '' }) => problemOf(await operator.signIn(token.trim()), state),
    },
    state,
  )
}

/** Asks who it is and writes down that they have taken an alarm, are on site, or have repaired it. */
export async function attend(id: string, what: string, state: State): Promise<boolean> {
  if (!(what in step) || !(await signIn(state))) return false
  const alarm = state.status?.alarms.find((one) => one.id === id)
  return askFor(
    {
      title: say(state, step[what as keyof typeof step]),
      text: alarm?.summary[state.language] ?? id,
      confirm: 'confirm',
      fields: [
        { name: 'by', label: 'name', kind: 'text', value: lastName() || operator.name || '', needed: true },
        { name: 'note', label: 'note', kind: 'text', needed: false },
      ],
      act: async ({ by = '', note = '' }) => {
        if (by.trim() === '') return say(state, 'nameNeeded')
        keepName(by)
        const path = `/api/v1/alarms/${encodeURIComponent(id)}/attendance`
        const outcome = await operate('POST', path, { step: what, by, ...(note === '' ? {} : { note }) })
        return problemOf(outcome, state)
      },
    },
    state,
  )
}

const lengths = [
  ['30m', 'minutes30'],
  ['1h', 'hour1'],
  ['2h', 'hours2'],
  ['4h', 'hours4'],
  ['8h', 'hours8'],
  ['24h', 'hours24'],
] as const satisfies readonly (readonly [string, Word])[]

/** Asks for a quiet time of a device, or of one of its alarms. */
export async function silence(device: string, alarm: string, state: State): Promise<boolean> {
  if (!(await signIn(state))) return false
  return askFor(
    {
      title: say(state, 'newQuiet'),
      text: say(state, 'quietWhat'),
      confirm: 'confirm',
      fields: [
        { name: 'device', label: 'device', kind: 'text', value: device, needed: true },
        ...(alarm === ''
          ? []
          : [
              {
                name: 'scope',
                label: 'scope',
                kind: 'select',
                needed: true,
                options: [
                  ['alarm', 'onlyAlarm'],
                  ['device', 'wholeDevice'],
                ],
              } as const,
            ]),
        { name: 'for', label: 'duration', kind: 'select', value: '2h', needed: true, options: lengths },
        { name: 'by', label: 'name', kind: 'text', value: lastName() || operator.name || '', needed: true },
        { name: 'note', label: 'note', kind: 'text', needed: false },
      ],
      act: async (values) => {
        const { by = '', note = '' } = values
        if (by.trim() === '') return say(state, 'nameNeeded')
        keepName(by)
        const alarms = values['scope'] === 'alarm' ? [alarm] : []
        const body = {
          by,
          devices: [values['device']?.trim() ?? ''],
          alarms,
          for: values['for'],
          ...(note === '' ? {} : { note }),
        }
        return problemOf(await operate('POST', '/api/v1/quiet', body), state)
      },
    },
    state,
  )
}

/** Ends a quiet time, also where something under it is not well: whoever ends it wants to be told. */
export async function endQuiet(name: string, state: State): Promise<boolean> {
  if (!(await signIn(state))) return false
  return askFor(
    {
      title: say(state, 'endQuiet'),
      text: name,
      confirm: 'confirm',
      fields: [],
      act: async () =>
        problemOf(await operate('DELETE', `/api/v1/quiet/${encodeURIComponent(name)}?anyway=true`), state),
    },
    state,
  )
}

/** What an outcome tells the operator: nothing where all went well. */
function problemOf(outcome: Outcome, state: State): string | undefined {
  if (!outcome.ok) return outcome.status === 401 ? say(state, 'tokenWrong') : `${say(state, 'refused')}: ${outcome.why}`
  const { body } = outcome
  const isLost = typeof body === 'object' && body !== null && 'written' in body && body.written === false
  return isLost ? say(state, 'notOnDisk') : undefined
}
