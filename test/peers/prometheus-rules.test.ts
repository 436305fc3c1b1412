import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { readSite } from '../../src/commands/site-file.ts'
import { shipped } from '../../src/home.ts'
import { phase } from '../../src/judge/cell.ts'
import { Judge } from '../../src/judge/judge.ts'
import { type Labels, labelKey } from '../../src/model/labels.ts'
import type { NumberMetric } from '../../src/model/metric.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { seededRandom } from '../../src/model/random.ts'
import type { Rule } from '../../src/model/rule.ts'
import { SeriesTable } from '../../src/model/series.ts'
import type { RuledSite } from '../../src/prometheus/definition.ts'
import { bareRuleFile, roleOf, ruleFile } from '../../src/prometheus/rule-file.ts'
import { ruleTest } from '../../src/prometheus/rule-test.ts'
import { Store } from '../../src/store/store.ts'
import { loadExample } from '../hospital-site.ts'
import { folder as cases, readRulesOf, run, type UnitTest } from '../rule-cases.ts'
import { bytesTotal, makeDevice, makeRule, source, temperature } from '../samples.ts'
import { describeWith } from './peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-rules-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** promtool's verdict: its output where it found something, empty where all is well. */
function promtool(...args: readonly string[]): string {
  try {
    execFileSync('promtool', args, { encoding: 'utf8', stdio: 'pipe' })
    return ''
  } catch (error) {
    return error instanceof Error && 'stdout' in error && 'stderr' in error
      ? `${error.stdout}${error.stderr}`
      : String(error)
  }
}

describeWith(['promtool'], 'the alarm definitions as Prometheus rules', () => {
  test.each(readdirSync(cases))('the case %s is judged by promtool as by siteward', (name) => {
    expect(promtool('test', 'rules', join(cases, name, 'test.yaml'))).toBe('')
  })

  describe.each(['siteward', 'prometheus', 'both'] as const)('judge: %s', (judge) => {
    test('the printed rules and their printed test pass promtool, and the test can fail', async () => {
      const { site: demo } = await readSite(shipped('config', 'demo', 'site.yaml'), process.env)
      if (demo === undefined) throw new Error('the demo has a mistake')
      // promtool evaluates every rule in each of the tests: a few devices of every kind of rule are enough here.
      const site = { ...demo, devices: demo.devices.filter(({ name }) => name === 'room' || name.startsWith('ups')) }
      const role = roleOf({ ...site, judge, alertmanagers: [new URL('http://127.0.0.1:9093')] })
      const [rules, tests] = [join(folder, `${judge}.rules.yml`), join(folder, `${judge}.test.yml`)]
      writeFileSync(rules, ruleFile(site, role))
      writeFileSync(tests, ruleTest(site, role, `${judge}.rules.yml`))
      expect(promtool('check', 'rules', rules)).toBe('')
      expect(promtool('test', 'rules', tests)).toBe('')
      writeFileSync(rules, readFileSync(rules, 'utf8').replaceAll('> 28', '> 29000'))
      expect(promtool('test', 'rules', tests)).toContain('RoomTemperature')
    }, 300_000)
  })

  test.each(['short', 'long'] as const)(
    'the whole hospital: its printed rules pass their printed test (%s)',
    async (length) => {
      const { site: hospital, problems } = await loadExample('hospital.yaml')
      if (hospital === undefined) throw new Error(problems.map(formatProblem).join('\n'))
      const site = { ...hospital, devices: [...hospital.devices, hospital.itself] }
      const [rules, tests] = [join(folder, 'hospital.rules.yml'), join(folder, `hospital-${length}.test.yml`)]
      writeFileSync(rules, ruleFile(site, 'stand-in'))
      writeFileSync(tests, ruleTest(site, 'stand-in', 'hospital.rules.yml', length))
      const text = readFileSync(tests, 'utf8')
      const asked = length === 'long' ? ['RoomSensorStuck'] : ['CoolingRedundancy', 'RoomHeatsUp', 'BatteryCellLags']
      for (const alarm of asked) expect(text).toContain(`alertname="${alarm}",alertstate="firing"`)
      expect(promtool('test', 'rules', tests)).toBe('')
    },
    900_000,
  )

  describe('a rule that measures', () => {
    const limit = (kind: 'above' | 'below', value: number) =>
      ({ kind, limit: { kind: 'fixed', value }, hysteresis: 0 }) as const
    const ok = { kind: 'count', of: { kind: 'is', states: new Set([0]) } } as const
    const supply = {
      ...source,
      name: 'device_power_supply_state',
      labels: ['supply'],
      states: ['ok', 'failed', 'unknown'],
    }
    const free: NumberMetric = { ...temperature, name: 'filesystem_free_bytes', unit: 'bytes', labels: ['mount'] }
    const cell: NumberMetric = { ...temperature, name: 'cell_volts', unit: 'volts', labels: ['string', 'cell'] }
    const spread = { kind: 'spread', among: ['cell'], from: 'median', isRelative: false } as const
    const over = 600_000

    test.each<[string, Partial<Rule>]>([
      ['rate above', { metric: bytesTotal, measure: { kind: 'rate', over }, condition: limit('above', 100) }],
      ['rate below', { metric: bytesTotal, measure: { kind: 'rate', over }, condition: limit('below', 100) }],
      [
        'rate of ten seconds',
        { metric: bytesTotal, measure: { kind: 'rate', over: 10_000 }, condition: limit('above', 3) },
      ],
      ['change above', { measure: { kind: 'change', over }, condition: limit('above', 3) }],
      ['change below', { measure: { kind: 'change', over }, condition: limit('below', -3) }],
      ['growth above', { metric: bytesTotal, measure: { kind: 'change', over }, condition: limit('above', 50) }],
      ['growth below', { metric: bytesTotal, measure: { kind: 'change', over }, condition: limit('below', 50) }],
      ['changes above', { measure: { kind: 'changes', over }, condition: limit('above', 5) }],
      ['changes above what a minute shows', { measure: { kind: 'changes', over }, condition: limit('above', 30) }],
      ['changes below', { measure: { kind: 'changes', over }, condition: limit('below', 1) }],
      ['changes of a state', { metric: source, measure: { kind: 'changes', over }, condition: limit('above', 4) }],
      [
        'forecast below',
        {
          metric: free,
          measure: { kind: 'forecast', ahead: 14_400_000, over: 3_600_000 },
          condition: limit('below', 0),
        },
      ],
      ['forecast above', { measure: { kind: 'forecast', ahead: 3_600_000, over }, condition: limit('above', 28) }],
      ['spread from the median', { metric: cell, measure: spread, condition: limit('above', 0.3) }],
      ['spread from the mean', { metric: cell, measure: { ...spread, from: 'mean' }, condition: limit('above', 0.3) }],
      [
        'spread from the lowest',
        { metric: cell, measure: { ...spread, from: 'lowest' }, condition: limit('above', 0.3) },
      ],
      [
        'spread from the highest',
        { metric: cell, measure: { ...spread, from: 'highest' }, condition: limit('above', 0.3) },
      ],
      ['relative spread', { metric: cell, measure: { ...spread, isRelative: true }, condition: limit('above', 0.2) }],
      ['count below', { metric: supply, measure: ok, condition: limit('below', 2) }],
      ['count above', { metric: supply, measure: ok, condition: limit('above', 2) }],
      ['count of numbers', { measure: { kind: 'count', of: limit('above', 28) }, condition: limit('above', 1) }],
    ])('is proven by its printed test, which can fail: %s', (what, changed) => {
      const name = what.replaceAll(' ', '-')
      const rule = makeRule({ alarm: 'Measured', for: 120_000, ...changed })
      const devices = [makeDevice({ name: 'room', labels: { floor: '1' }, rules: [rule] })]
      const site = { name: 'hospital', labels: {}, language: 'en', devices, groups: [] } as const
      const [rules, tests] = [join(folder, `${name}.rules.yml`), join(folder, `${name}.test.yml`)]
      writeFileSync(rules, ruleFile(site, 'judge'))
      writeFileSync(tests, ruleTest(site, 'judge', `${name}.rules.yml`))
      expect(promtool('check', 'rules', rules)).toBe('')
      expect(promtool('test', 'rules', tests)).toBe('')
      // The same rule with a limit that nothing breaks, and with another measure.
      const turned = rule.condition.kind === 'below' ? limit('below', -1e12) : limit('above', 1e12)
      const wrong = {
        ...site,
        devices: [makeDevice({ name: 'room', labels: { floor: '1' }, rules: [{ ...rule, condition: turned }] })],
      }
      writeFileSync(rules, ruleFile(wrong, 'judge'))
      expect(promtool('test', 'rules', tests)).toContain('Measured')
    })
  })

  test('a group is counted as siteward counts it, also while a device of it is silent', () => {
    const names = ['crac-1', 'crac-2', 'crac-3']
    const rule = makeRule({
      alarm: 'CoolingRedundancy',
      metric: source,
      measure: { kind: 'count', of: { kind: 'is', states: new Set([0]) } },
      condition: { kind: 'below', limit: { kind: 'fixed', value: 2 }, hysteresis: 0 },
    })
    const device = makeDevice({ name: 'cooling', labels: { room: 'main' }, rules: [rule] })
    const groups = [{ device, members: names }]
    const site = {
      name: 'hospital',
      labels: {},
      language: 'en',
      devices: names.map((name) => makeDevice({ name })),
      groups,
    } as const
    // Running, off, silent; a column a minute.
    const rows = ['r r o o _ r _ o _ r r', 'r r r o o r r r r r _', 'r o o o _ _ r _ _ r _'].map((row) =>
      row.split(' '),
    )
    const judged = countedBySiteward(site, rows)
    expect(judged.map((one) => (one ? 'f' : '-')).join('')).toBe('--fff------')
    const input_series = names.flatMap((name, i) =>
      source.states.map((state) => ({
        series: `ups_output_source_state{site="hospital", device="${name}", state="${state}"}`,
        values: (rows[i] ?? [])
          .map((one) => (one === '_' ? 'stale' : state === (one === 'r' ? 'normal' : 'battery') ? '1' : '0'))
          .join(' '),
      })),
    )
    const info = { series: 'siteward_device_info{site="hospital", device="cooling", room="main"}', values: '1x20' }
    const exp_labels = { site: 'hospital', device: 'cooling', room: 'main', severity: 'warning' }
    const alert_rule_test = judged.map((isFiring, minute) => ({
      eval_time: `${minute}m`,
      alertname: 'CoolingRedundancy',
      ...(isFiring ? { exp_alerts: [{ exp_labels }] } : {}),
    }))
    const [rules, tests] = [join(folder, 'group.rules.yml'), join(folder, 'group.test.yml')]
    writeFileSync(rules, bareRuleFile(site))
    const content = {
      rule_files: ['group.rules.yml'],
      evaluation_interval: '1m',
      tests: [{ interval: '1m', input_series: [...input_series, info], alert_rule_test }],
    }
    writeFileSync(tests, stringify(content))
    expect(promtool('test', 'rules', tests)).toBe('')
    writeFileSync(tests, ruleTest(site, 'judge', 'group.rules.yml'))
    expect(promtool('test', 'rules', tests)).toBe('')
  })

  test('devices with limits of their own are told apart, and their alerts have no label more', () => {
    const above = (value: number) => ({ kind: 'above', limit: { kind: 'fixed', value }, hysteresis: 0 }) as const
    const devices = [26, 28, 30].map((limit) =>
      makeDevice({
        name: `room-${limit}`,
        labels: { floor: '1' },
        rules: [makeRule({ condition: above(limit), for: 120_000 })],
      }),
    )
    const site = { name: 'hospital', labels: { region: 'east' }, language: 'en', devices, groups: [] } as const
    const [rules, tests] = [join(folder, 'limits.rules.yml'), join(folder, 'limits.test.yml')]
    writeFileSync(rules, ruleFile(site, 'judge'))
    writeFileSync(tests, ruleTest(site, 'judge', 'limits.rules.yml'))
    expect(execFileSync('promtool', ['check', 'rules', rules], { encoding: 'utf8' })).toContain('SUCCESS')
    expect(promtool('test', 'rules', tests)).toBe('')
    writeFileSync(rules, bareRuleFile(site))
    const info = '{site="hospital", device="room-30", floor="1"}'
    const input_series = [
      { series: `siteward_device_info${info}`, values: '1x5' },
      { series: 'room_temperature_celsius{site="hospital", device="room-30"}', values: '40x5' },
    ]
    const exp_labels = { site: 'hospital', device: 'room-30', floor: '1', region: 'east', severity: 'warning' }
    const alert_rule_test = [{ eval_time: '3m', alertname: 'RoomTemperature', exp_alerts: [{ exp_labels }] }]
    writeFileSync(
      tests,
      stringify({ rule_files: ['limits.rules.yml'], tests: [{ interval: '1m', input_series, alert_rule_test }] }),
    )
    expect(promtool('test', 'rules', tests)).toBe('')
  }, 120_000)

  test('the same hour gives the same alerts, to within one evaluation', async () => {
    const rulesFile = join(folder, 'hour.yaml')
    writeFileSync(rulesFile, hourRules)
    const rules = await readRulesOf(rulesFile)
    const hour = readings(seededRandom(20_261_125))
    const seen = run(rules, hour)
    const site = {
      name: 'hospital',
      labels: {},
      language: 'en',
      devices: [makeDevice({ name: 'room', rules })],
      groups: [],
    } as const
    writeFileSync(join(folder, 'hour.rules.yml'), bareRuleFile(site))
    const names = [...new Set(rules.map(({ alarm }) => alarm))]
    const firing = (step: number, alarm: string): readonly string[] =>
      (seen.get(step * interval * 1000) ?? [])
        .filter(({ phase, labels }) => phase === 'firing' && labels['alertname'] === alarm)
        .map(({ labels }) => labelKey(labels))
        .sort()
    const checks: unknown[] = []
    let changes = 0
    for (const alarm of names) {
      for (let step = 1; step < steps - 1; step++) {
        const [before, now, after] = [firing(step - 1, alarm), firing(step, alarm), firing(step + 1, alarm)]
        if (String(before) !== String(now)) changes++
        // At a change, and right beside it, one evaluation more or less is allowed.
        if (String(before) !== String(now) || String(now) !== String(after)) continue
        const exp_alerts = now.map((key) => ({ exp_labels: labelsOf(key) }))
        checks.push({ eval_time: `${step * interval}s`, alertname: alarm, ...(now.length > 0 ? { exp_alerts } : {}) })
      }
      expect({
        alarm,
        fires: Array.from({ length: steps }, (_, step) => firing(step, alarm)).some((one) => one.length > 0),
      }).toEqual({
        alarm,
        fires: true,
      })
    }
    expect(changes).toBeGreaterThan(30)
    expect(checks.length).toBeGreaterThan(400)
    const file = join(folder, 'hour.test.yml')
    const tests = [{ ...hour, alert_rule_test: checks }]
    writeFileSync(file, stringify({ rule_files: ['hour.rules.yml'], evaluation_interval: `${interval}s`, tests }))
    expect(promtool('test', 'rules', file)).toBe('')
  }, 120_000)
})

/** Whether the alarm of the site's one group fires, a minute after the other: rows of running, off and silent devices. */
function countedBySiteward(site: RuledSite, rows: readonly (readonly string[])[]): readonly boolean[] {
  const store = new Store()
  const judge = new Judge(site, store)
  const table = new SeriesTable(site.name, (one) => {
    store.add(one)
    judge.addSeries(one)
  })
  for (const device of site.devices) judge.addDevice(device)
  for (const group of site.groups) judge.addGroup(group)
  const series = site.devices.flatMap(({ name }) => table.scope(table.source(name, 'probe')).series(source, {}) ?? [])
  return (rows[0] ?? []).map((_, minute) => {
    const at = { wall: minute * 60_000 + 1, mono: minute * 60_000 + 1 }
    const values = { r: 0, o: 1, _: Number.NaN } as const
    for (const [i, one] of series.entries()) {
      const read = rows[i]?.[minute]
      store.apply({ series: one, value: read === 'r' || read === 'o' ? values[read] : values._ }, at.mono)
    }
    judge.judge(series, at)
    return [...judge.cellsOfDevice('cooling')].some(({ alarm }) => phase(alarm) === 'firing')
  })
}

function labelsOf(key: string): Labels {
  const { alertname: _, ...labels }: Labels = Object.fromEntries(JSON.parse(key) as [string, string][])
  return labels
}

const interval = 30
const steps = 121

const hourRules = `rules:
  - alarm: RoomTemperature
    when: room_temperature_celsius
    hysteresis: 0.5
    for: 2m
    keep_firing_for: 1m
    warning: { within: 20..28 }
    critical: { within: 15..30, for: 1m }
  - alarm: Dry
    when: room_humidity_ratio
    below: 50%
    for: 90s
  - alarm: UpsOnBattery
    when: ups_output_source
    is: [battery]
    for: 1m
    severity: critical
  - alarm: UpsOdd
    when: ups_output_source
    not: [normal, bypass, battery]
  - alarm: DeviceDown
    when: siteward_device_up
    below: 1
    for: 2m
    severity: critical
  - alarm: SensorSilent
    when: room_temperature_celsius
    stale: 3m
  - alarm: NoHumidity
    when: room_humidity_ratio
    absent: 4m
`

/** An hour of readings: temperatures that wander about their limits, a sensor that falls silent while it is hot, a UPS. */
function readings(random: () => number): UnitTest {
  const wander = (from: number, by: number): readonly string[] => {
    let value = from
    return Array.from({ length: steps }, () => {
      value += (random() - 0.5) * by + (from - value) * 0.05
      return value.toFixed(2)
    })
  }
  const holding = (states: readonly string[]): readonly string[] => {
    let state = states[0] ?? ''
    return Array.from({ length: steps }, () => {
      if (random() < 0.15) state = states[Math.floor(random() * states.length)] ?? state
      return state
    })
  }
  const stretches = (...parts: readonly (readonly [string, number])[]): readonly string[] =>
    parts.flatMap(([value, count]) => new Array<string>(count).fill(value))
  const temperature = (sensor: string): string =>
    `room_temperature_celsius{site="hospital", device="room", sensor="${sensor}"}`
  const ups = holding(['normal', 'normal', 'battery', 'battery', 'none', 'unknown'])
  const upsSeries = ['normal', 'battery', 'none', 'unknown'].map((state) => ({
    series: `ups_output_source{site="hospital", device="room", state="${state}"}`,
    values: ups.map((now) => (now === state ? '1' : '0')).join(' '),
  }))
  const up = holding(['1', '0'])
  const input: readonly (readonly [string, readonly string[]])[] = [
    ['siteward_device_info{site="hospital", device="room"}', stretches(['1', steps])],
    [temperature('a'), wander(27.8, 1.6)],
    [temperature('b'), wander(29.6, 2)],
    [
      temperature('c'),
      stretches(['24', 10], ['31', 20], ['stale', 16], ['31', 10], ['24', 20], ['stale', 20], ['24', 25]),
    ],
    [
      'room_humidity_ratio{site="hospital", device="room"}',
      stretches(['0.55', 15], ['0.45', 8], ['0.55', 20], ['stale', 20], ['0.55', 58]),
    ],
    ['siteward_device_up{site="hospital", device="room", probe="sample"}', up],
  ]
  return {
    interval: `${interval}s`,
    input_series: [...input.map(([series, values]) => ({ series, values: values.join(' ') })), ...upsSeries],
  }
}
