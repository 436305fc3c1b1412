import { expect, test } from 'vitest'
import { collectors } from '../../collectors/registry.ts'
import { diskFiles } from '../../src/config/files.ts'
import { loadSite } from '../../src/config/load.ts'
import { shipped } from '../../src/home.ts'
import { formatProblem } from '../../src/model/problem.ts'
import type { Rule } from '../../src/model/rule.ts'

/** The rules of a server whose probe takes its temperature limits from the server itself. */
async function rulesWith(override: string): Promise<readonly Rule[]> {
  const text = `site: s
credentials: { bmc: { ipmi: { user: u, password: secret-for-the-test } } }
devices:
  - name: server
    address: 192.0.2.1
    probes: [bmc-ipmi]
    credentials: bmc
    rules: { ${override} }
`
  const { site, problems } = await loadSite('site.yaml', {
    files: {
      ...diskFiles,
      read: async (path) => (path === 'site.yaml' ? Buffer.from(text) : diskFiles.read(path)),
      mode: async () => 0o600,
    },
    env: {},
    fetchList: async () => undefined,
    protocols: new Map(Object.entries(collectors).map(([name, { schemas }]) => [name, schemas])),
    shipped: {
      probes: shipped('probes'),
      metrics: shipped('config', 'metrics.yaml'),
      rules: shipped('config', 'rules.yaml'),
      checks: shipped('config', 'checks.yaml'),
      holidays: shipped('config', 'holidays.yaml'),
    },
  })
  if (site === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  return site.devices[0]?.rules.filter(({ alarm }) => alarm === 'DeviceLimitTighter') ?? []
}

test("a number in the place of the device's own limit is held against it", async () => {
  expect(await rulesWith('ServerTemperature: { above: 95 }')).toMatchObject([
    {
      metric: { name: 'device_temperature_limit_celsius' },
      condition: { kind: 'below', limit: { kind: 'fixed', value: 95 } },
      severity: 'warning',
    },
  ])
})

test("the device's own limit alone, and a rule that is off, need no such alarm", async () => {
  expect(await rulesWith('ServerTemperature: { for: 5m }')).toEqual([])
  expect(await rulesWith('ServerTemperature: off')).toEqual([])
})
