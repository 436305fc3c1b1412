import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseDuration } from '../src/model/duration.ts'
import { type Labels, labelKey } from '../src/model/labels.ts'
import { bareRuleFile } from '../src/prometheus/rule-file.ts'
import { folder, readRules, readSeries, readTests, run, type State, siteOf } from './rule-cases.ts'

function sorted(list: readonly Labels[]): readonly string[] {
  return list.map(labelKey).sort()
}

describe.each(readdirSync(folder))('%s', async (name) => {
  const rules = await readRules(name)

  test('has the rule file that promtool reads', () => {
    const file = join(folder, name, 'prometheus.rules.yml')
    const text = bareRuleFile(siteOf(name, rules))
    if (process.env['UPDATE'] === '1') writeFileSync(file, text)
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  test('is judged as written', () => {
    let checks = 0
    for (const one of readTests(name)) {
      const seen = run(rules, one)
      const at = (time: string): readonly State[] => {
        const states = seen.get(parseDuration(time) ?? -1)
        if (states === undefined) throw new Error(`no reading at ${time}`)
        return states
      }
      for (const { eval_time, alertname, exp_alerts = [] } of one.alert_rule_test ?? []) {
        const firing = at(eval_time).filter(
          (state) => state.phase === 'firing' && state.labels['alertname'] === alertname,
        )
        const expected = exp_alerts.map(({ exp_labels }) => ({ ...exp_labels, alertname }))
        expect({ eval_time, firing: sorted(firing.map(({ labels }) => labels)) }).toEqual({
          eval_time,
          firing: sorted(expected),
        })
        checks++
      }
      for (const { eval_time, expr, exp_samples } of one.promql_expr_test ?? []) {
        const { name: metric, labels: wanted } = readSeries(expr)
        expect(metric).toBe('ALERTS')
        const states = at(eval_time).map((state) => ({ ...state.labels, alertstate: state.phase }))
        const found = states.filter((labels: Labels) =>
          Object.entries(wanted).every(([label, value]) => labels[label] === value),
        )
        expect({ eval_time, found: sorted(found) }).toEqual({
          eval_time,
          found: sorted(exp_samples.map((sample) => readSeries(sample.labels).labels)),
        })
        checks++
      }
    }
    expect(checks).toBeGreaterThan(0)
  })
})
