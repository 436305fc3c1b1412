import { good } from '../../src/model/aim.ts'
import type { Substitute } from '../collector.ts'
import { textWith } from '../text-substitute.ts'
import type { Plan } from './compile.ts'
import { decode } from './decode.ts'
import type { Host } from './transport.ts'

/** A system that tells another value: what is asked is asked of the system. */
export function substituting(system: Pick<Host, 'ask'>, { calls }: Plan, substitute: Substitute): Pick<Host, 'ask'> {
  return {
    async ask(call, signal) {
      const told = await system.ask(call, signal)
      const facts = [...calls].find(([name]) => name === call)?.[1] ?? []
      if (told.kind !== 'answer' || !facts.some(({ point }) => point === substitute.was.point)) return told
      const text = textWith(JSON.stringify(told.answer ?? null), substitute, (changed, harvest) =>
        decode(call, facts, parsed(changed), harvest),
      )
      substitute.placed(text.ok ? good(`what the system tells about its ${call}`) : text)
      return text.ok ? { ...told, answer: parsed(text.value) } : told
    },
  }
}

/** Where a word was replaced that was more than a value, nothing is told. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
