import { good } from '../../src/model/aim.ts'
import type { Substitute } from '../collector.ts'
import { textWith } from '../text-substitute.ts'
import type { Plan } from './compile.ts'
import { decode } from './decode.ts'
import type { BmcReader } from './transport.ts'

/** A BMC of which the tool wrote another value: what is asked is asked of the BMC. */
export function substituting(bmc: BmcReader, plan: Plan, substitute: Substitute): BmcReader {
  return {
    get requests() {
      return bmc.requests
    },
    close: () => bmc.close(),
    async read(ask, patience, context) {
      const answer = await bmc.read(ask, patience, context)
      const topic = ask === 'readings' ? 'sensors' : ask
      if (answer.kind !== 'text' || !plan[topic].some(({ point }) => point === substitute.was.point)) return answer
      const text = textWith(answer.text, substitute, (changed, harvest) =>
        decode(plan, topic, answer.tool, changed, harvest),
      )
      substitute.placed(text.ok ? good(`what ${answer.tool} wrote of the ${topic}`) : text)
      return text.ok ? { ...answer, text: text.value } : answer
    },
  }
}
