import type { Witnessed } from '../../src/model/harvest.ts'
import type { Point } from '../../src/model/probe.ts'
import type { Message, Step } from '../collector.ts'
import { asksOf, type Plan } from './compile.ts'

/** From what the tool wrote to a point's raw value, or to why it has none. */
export function explain(
  plan: Plan,
  point: Point,
  value: Witnessed | undefined,
  messages: readonly Message[],
): readonly Step[] {
  const ask = asksOf(plan).find((name) => plan[name].some((one) => one.point === point))
  if (ask === undefined) return []
  const exchange = exchangeOf(ask, messages)
  if (exchange === undefined) return [{ name: 'absent', text: `the BMC was not asked for its ${ask}` }]
  const command = { name: 'command', text: exchange.command }
  if (value === undefined)
    return [command, { name: 'absent', text: `none of ${exchange.lines.length} lines is what the point asks for` }]
  return [command, { name: 'output', text: lineOf(exchange.lines, value) }]
}

/** Words by which the commands of either tool are known (commands.ts). */
const words = {
  sensors: /ipmi-sensors.*--comma-separated-output| sdr elist/,
  chassis: /ipmi-chassis| chassis status/,
  dcmi: /ipmi-dcmi| dcmi power/,
  sel: /ipmi-sel| sel info/,
  fru: /ipmi-fru| fru print/,
} as const

function exchangeOf(
  ask: keyof typeof words,
  messages: readonly Message[],
): { readonly command: string; readonly lines: readonly string[] } | undefined {
  const text = ({ bytes }: Message): string => Buffer.from(bytes).toString('utf8')
  const at = messages.findIndex((message) => message.way === 'sent' && words[ask].test(text(message)))
  const sent = messages[at]
  const received = messages[at + 1]
  if (sent === undefined || received?.way !== 'received') return undefined
  return {
    command: text(sent),
    lines: text(received)
      .split('\n')
      .filter((line) => line.trim() !== ''),
  }
}

/** The line of the sensor: the one with its name, and where several have it the one with the number, too. */
function lineOf(lines: readonly string[], { series, raw }: Witnessed): string {
  const { site: _site, device: _device, ...own } = series.labels
  const named = Object.values(own).map((label) => label.replace(/ #\d+$/, ''))
  const found = lines.filter((line) => named.every((name) => line.includes(name)))
  const candidates = found.length > 0 ? found : lines
  return (
    candidates.find((line) => raw !== null && line.includes(String(raw))) ?? found[0] ?? lines.slice(0, 8).join(' | ')
  )
}
