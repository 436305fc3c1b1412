import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dashboardsOf } from '../../src/dashboards/dashboards.ts'
import { shipped } from '../../src/home.ts'
import { systemClock } from '../../src/model/clock.ts'
import type { Site } from '../../src/model/site.ts'
import { loadExample } from '../hospital-site.ts'
import { WatchedRoom } from '../status/watched-room.ts'
import { describeWith } from './peer.ts'
import { until } from './process.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'

/** What Grafana puts in the place of the dashboards' variables. */
function asked(expression: string): string {
  return expression.replaceAll('$__rate_interval', '1m').replaceAll('$site', '.*').replaceAll('$device', '.*')
}

function expressionsOf(site: Site): readonly string[] {
  const texts = dashboardsOf(site, 'en').map(({ dashboard }) => JSON.stringify(dashboard))
  return texts.flatMap((text) =>
    [...text.matchAll(/"expr":("(?:[^"\\]|\\.)*")/g)].map(([, one = '']) => JSON.parse(one) as string),
  )
}

describeWith(['prometheus', 'promtool'], 'dashboards, and what a real Prometheus makes of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-dashboards-'))
  const room = new WatchedRoom(systemClock)
  let prometheus: Prometheus

  beforeAll(async () => {
    await room.start()
    prometheus = await startPrometheus(
      folder,
      `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ['${shipped('config', 'prometheus', 'siteward.recording.yml')}']
scrape_configs: [{ job_name: siteward, static_configs: [{ targets: ['${new URL(room.url).host}'] }] }]
`,
    )
    await until(
      async () => (await prometheus.query('count(siteward_device_up) >= 6')).length > 0,
      90,
      prometheus.output,
    )
    await until(async () => (await prometheus.query('count_over_time(up[1m]) >= 4')).length > 0, 90, prometheus.output)
  }, 200_000)

  afterAll(async () => {
    await prometheus.stop()
    await room.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('every query of the demo and of the hospital is PromQL', async () => {
    for (const name of ['demo/site.yaml', 'hospital.yaml']) {
      const { site } = await loadExample(name)
      if (site === undefined) throw new Error(`${name} does not load`)
      const rules = expressionsOf(site).map((expr, number) => ({ record: `panel:${number}`, expr: asked(expr) }))
      expect(rules.length).toBeGreaterThan(60)
      const file = join(folder, 'panels.yml')
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }))
      expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS')
    }
  })

  test('each panel shows what the room gives', { timeout: 120_000 }, async () => {
    const site = room.site
    if (site === undefined) throw new Error('no site')
    const empty: string[] = []
    for (const expression of expressionsOf(site))
      if ((await prometheus.query(asked(expression))).length === 0) empty.push(expression)
    // Nothing fires, nothing was late or held back, no limit is set on most, no Alertmanager, ledger, duty or report is there.
    const quiet =
      /siteward_threshold|siteward_alarms\{.*firing|poll_faults|alertmanager|siteward_event_active|siteward_drill|siteward_(config_last_reload|roll_ups|report|duty|asset|warranty|battery|certificate)_/
    expect(empty.filter((expression) => !quiet.test(expression))).toEqual([])
    const [state] = await prometheus.query(
      asked(expressionsOf(site).find((one) => one.includes('air_conditioner_state')) ?? ''),
    )
    expect([state?.metric['device'], state?.value[1]]).toEqual(['crac-1', '0'])
  })

  test('the recording rules record', { timeout: 120_000 }, async () => {
    const file = shipped('config', 'prometheus', 'siteward.recording.yml')
    expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS')
    await until(
      async () => (await prometheus.query('site:room_temperature_celsius:max')).length > 0,
      100,
      prometheus.output,
    )
    expect((await prometheus.query('site:room_temperature_celsius:max'))[0]?.value[1]).toBe('22')
    expect((await prometheus.query('site:siteward_device_up:ratio'))[0]?.value[1]).toBe('1')
    expect((await prometheus.query('device_interface:interface_receive_bytes:rate5m')).length).toBeGreaterThan(0)
  })
})
