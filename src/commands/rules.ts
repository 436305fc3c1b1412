import { parseArgs } from 'node:util'
import { roleOf, ruleFile } from '../prometheus/rule-file.ts'
import { ruleTest } from '../prometheus/rule-test.ts'
import { type Command, UsageError } from './command.ts'
import { configOf, printProblems, readSiteWithoutSecrets } from './site-file.ts'

const usage = `Usage: siteward rules --config FILE [--test [--long]] [--rule-file NAME]

Prints the alarm definitions of a site as a Prometheus rule file, with what siteward cannot say of itself (SitewardDown,
stale devices, a watchdog). By \`judge:\` of the site file its alarms
  siteward    stand in: they page only while no siteward of the site reaches an Alertmanager (the default),
  prometheus  page, and siteward tells nobody,
  both        have the label shadow="true" and page nobody; where the two differ is an alert, SitewardJudgesDiffer.

  --config FILE     the site file
  --test            print a test of that rule file instead, for: promtool test rules
  --long            the test of those alarms that need more than two hours of readings; it takes minutes
  --rule-file NAME  the rule file's name in the test; siteward.rules.yml by default

Exit status: 0 when it was printed, 1 when a problem was found, 2 for a wrong command line.
`

/** \`siteward rules\`. */
export const rules: Command = {
  name: 'rules',
  summary: 'print the alarm definitions for Prometheus',
  usage,
  async run(args, io) {
    const options = {
      config: { type: 'string' },
      test: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      'rule-file': { type: 'string', default: 'siteward.rules.yml' },
    } as const
    const { values } = parseArgs({ args: [...args], options })
    if (values.long && !values.test) throw new UsageError('--long goes with --test')
    const { site, problems } = await readSiteWithoutSecrets(configOf(values), io.env)
    printProblems(problems, io)
    if (site === undefined) return 1
    const role = roleOf(site)
    const ruled = { ...site, devices: [...site.devices, site.itself] }
    const length = values.long ? 'long' : 'short'
    io.out.write(values.test ? ruleTest(ruled, role, values['rule-file'], length) : ruleFile(ruled, role))
    return 0
  },
}
