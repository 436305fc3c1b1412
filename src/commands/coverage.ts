import { parseArgs } from 'node:util'
import { loadDutyPlan } from '../config/duty-plan.ts'
import { type Coverage, type Covered, coverageOf } from '../duties/coverage.ts'
import type { Language } from '../model/metric.ts'
import { files } from '../shipped-files.ts'
import { columns } from './columns.ts'
import { type Command, UsageError } from './command.ts'
import { configOf, printProblems, readSiteWithoutSecrets } from './site-file.ts'

const usage = `Usage: siteward coverage --config FILE [--plan FILE] [--all] [--lang en|zh] [--json]

Holds what the site owes (a duty plan, as config/duties.yaml) against its probes, its readings by hand, its duties,
drills and reports, and prints what nobody watches. Contacts nothing.

  --plan FILE      the plan; the site's own (duty_plan:) where nothing is said
  --all            print every item with what watches it
  --lang LANGUAGE  in English (en, default) or Chinese (zh)
  --json           print JSON

Exit status: 0 when everything is watched or out of scope, 1 when something is not or a file has a mistake, 2 for a wrong
command line.
`

const options = {
  config: { type: 'string' },
  plan: { type: 'string' },
  all: { type: 'boolean', default: false },
  lang: { type: 'string', default: 'en' },
  json: { type: 'boolean', default: false },
} as const

/** `siteward coverage`. */
export const coverage: Command = {
  name: 'coverage',
  summary: 'show what of the duty plan nobody watches',
  usage,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options })
    const { lang } = values
    if (lang !== 'en' && lang !== 'zh') throw new UsageError('--lang takes en or zh')
    const { site, problems } = await readSiteWithoutSecrets(configOf(values), io.env)
    printProblems(problems, io)
    if (site === undefined) return 1
    const file = values.plan ?? site.dutyPlan
    if (file === undefined) throw new UsageError('--plan FILE is needed, or duty_plan: in the site file')
    const { plan, problems: inPlan } = await loadDutyPlan(file, files, site.vocabulary)
    printProblems(inPlan, io)
    if (plan === undefined) return 1
    const found = coverageOf(plan, site)
    io.out.write(values.json ? asJson(found) : asText(found, values.all, lang))
    return found.items.some(({ state }) => state === 'uncovered' || state === 'partly') ? 1 : 0
  },
}

function asJson({ items, strangers }: Coverage): string {
  const list = items.map(({ item, state, covers }) => ({
    id: item.id,
    section: item.section,
    ...item.text,
    state,
    covers,
  }))
  return `${JSON.stringify({ items: list, unknown_ids: strangers }, null, 2)}\n`
}

const words = {
  covered: { en: 'watched', zh: '已覆盖' },
  partly: { en: 'in part', zh: '部分覆盖' },
  uncovered: { en: 'NOBODY', zh: '无人负责' },
  out_of_scope: { en: 'by people', zh: '人工' },
} as const satisfies Record<Covered['state'], Record<Language, string>>

function asText({ items, strangers }: Coverage, isAll: boolean, language: Language): string {
  const shown = isAll ? items : items.filter(({ state }) => state === 'uncovered' || state === 'partly')
  const rows = shown.map(({ item, state, covers }) => {
    const open = covers.filter(({ by }) => by.length === 0).map(({ need }) => need)
    const met = covers.filter(({ by }) => by.length > 0).map(({ need, by }) => `${need}: ${by.join(', ')}`)
    const detail = open.length > 0 ? `${{ en: 'missing: ', zh: '缺：' }[language]}${open.join('; ')}` : met.join('; ')
    return [item.id, words[state][language], item.text[language], detail === '' ? (item.outOfScope ?? '-') : detail]
  })
  const unknown = strangers.map(
    ({ duty, id }) =>
      ({ en: `the duty ${duty} names ${id}, which the plan has not\n`, zh: `任务 ${duty} 引用了计划中没有的 ${id}\n` })[
        language
      ],
  )
  return `${columns(rows)}${unknown.join('')}${summary(items, language)}\n`
}

function summary(items: readonly Covered[], language: Language): string {
  const count = (state: Covered['state']): number => items.filter((one) => one.state === state).length
  const [covered, partly, open, people] = [count('covered'), count('partly'), count('uncovered'), count('out_of_scope')]
  return {
    en: `${items.length} items: ${covered} watched, ${partly} in part, ${open} by nobody, ${people} by people alone`,
    zh: `共 ${items.length} 项：${covered} 项已覆盖，${partly} 项部分覆盖，${open} 项无人负责，${people} 项人工完成`,
  }[language]
}
