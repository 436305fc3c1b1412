import { parseArgs } from 'node:util'
import type { ListedDuty } from '../duties/listing.ts'
import type { Language } from '../model/metric.ts'
import { columns } from './columns.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { DaemonError, daemonOptions, daemonUsage, findDaemon, goodBody, type RunningDaemon } from './operate.ts'

const usage = `Usage: siteward duty [list] --config FILE [--overdue] [--lang en|zh] [--json]
       siteward duty done NAME --by NAME [--value VALUE]... [--note TEXT] [--on DAY] --config FILE
       siteward duty withdraw NAME --by NAME [--note TEXT] --config FILE

The recurring work of the site that no sensor shows (duties: in the site file): lists it with what is due, writes down that
something was done, and takes back what was written down by mistake.

  --by NAME          who did it
  --value VALUE      what was read, as "1.2 Ω"; of several readings each as NAME=VALUE
  --note TEXT        what there is to say
  --on DAY           the day on which it was done, as 2026-03-31; today where nothing is said
  --overdue          list only what is overdue
  --lang LANGUAGE    list titles in English (en, default) or Chinese (zh)
  --json             print JSON
${daemonUsage}
Exit status: 0 when it was listed or written down, 1 when it was not, 2 for a wrong command line.
`

const options = {
  ...daemonOptions,
  by: { type: 'string' },
  value: { type: 'string', multiple: true },
  note: { type: 'string' },
  on: { type: 'string' },
  overdue: { type: 'boolean', default: false },
  lang: { type: 'string', default: 'en' },
  json: { type: 'boolean', default: false },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

type Action = (daemon: RunningDaemon, io: Io) => Promise<number>

/** `siteward duty`. */
export const duty: Command = {
  name: 'duty',
  summary: 'list recurring work, and write down that it was done',
  usage,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const action = actionOf(positionals, values)
    const daemon = await findDaemon(values, io)
    if (daemon === undefined) return 1
    try {
      return await action(daemon, io)
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error
      io.err.write(`siteward duty: ${error.message}\n`)
      return 1
    }
  },
}

function actionOf([verb = 'list', name, more]: readonly string[], values: Values): Action {
  if (verb === 'list') {
    if (name !== undefined) throw new UsageError('siteward duty list takes no NAME')
    return listing(values)
  }
  if (verb !== 'done' && verb !== 'withdraw') throw new UsageError('siteward duty takes list, done or withdraw')
  if (name === undefined || more !== undefined) throw new UsageError('exactly one NAME is needed')
  const { by, note, on } = values
  if (by === undefined || by.trim() === '') throw new UsageError('--by NAME is needed')
  const path = `/api/v1/duties/${encodeURIComponent(name)}/${verb}`
  const body = verb === 'done' ? { by, note, day: on, values: typedIn(values.value ?? []) } : { by, note }
  return async (daemon, io) => {
    const reply = goodBody(await daemon.call('POST', path, body)) as Answer
    io.out.write(`${told(reply.duty)}\n`)
    if (reply.written) return 0
    io.err.write('siteward duty: siteward knows, but its record cannot be written now: a restart may forget it\n')
    return 1
  }
}

interface Answer {
  readonly duty: ListedDuty
  readonly written: boolean
}

/** `NAME=VALUE`, or a VALUE for the only reading. */
function typedIn(texts: readonly string[]): Readonly<Record<string, string>> {
  const values: Record<string, string> = {}
  for (const text of texts) {
    const [, name = '', value = text] = /^([\p{L}\p{N}][\p{L}\p{N}._-]*)=(.*)$/u.exec(text) ?? []
    if (name in values) throw new UsageError(`--value ${text}: ${name === '' ? 'a value' : name} stands twice`)
    values[name] = value
  }
  return values
}

function told({ name, last, due, readings }: ListedDuty): string {
  if (last === null) return `${name}: has not been done; due on ${due}`
  const values = readings.map((reading) => `${reading.name} ${reading.text}`)
  return `${name}: done on ${last.day} by ${last.by}${values.map((text) => `, ${text}`).join('')}; due next on ${due}`
}

function listing(values: Values): Action {
  const { lang } = values
  if (lang !== 'en' && lang !== 'zh') throw new UsageError('--lang takes en or zh')
  return async (daemon, io) => {
    const all = listIn(goodBody(await daemon.call('GET', '/api/v1/duties')))
    const list = values.overdue ? all.filter(({ state }) => state === 'overdue') : all
    io.out.write(values.json ? `${JSON.stringify(list, null, 2)}\n` : asTable(list, lang))
    return 0
  }
}

function listIn(body: unknown): readonly ListedDuty[] {
  if (typeof body === 'object' && body !== null && 'duties' in body && Array.isArray(body.duties)) return body.duties
  throw new DaemonError('what answers there is no siteward with duties')
}

const heads = {
  en: ['DUTY', 'TITLE', 'WHEN', 'DUE', 'STATE', 'LAST', 'BY', 'VALUES'],
  zh: ['任务', '名称', '周期', '应完成', '状态', '上次完成', '完成人', '读数'],
} as const

function asTable(list: readonly ListedDuty[], language: Language): string {
  if (list.length === 0) return { en: 'no duty is there\n', zh: '没有任务\n' }[language]
  return columns([heads[language], ...list.map((one) => lineOf(one, language))])
}

function lineOf(
  { name, title, when, due, state, overdue_days, last, readings }: ListedDuty,
  language: Language,
): string[] {
  const states = {
    due_later: { en: 'later', zh: '未到期' },
    due_today: { en: 'due', zh: '今日到期' },
    overdue: { en: `overdue ${overdue_days} d`, zh: `逾期 ${overdue_days} 天` },
  }
  const values = readings.filter(({ text }) => text !== '').map((one) => `${one.name} ${one.text}`)
  return [
    ...[name, title[language], when[language], due, states[state][language]],
    ...[last?.day ?? '-', last?.by ?? '-', values.join(', ') || '-'],
  ]
}
