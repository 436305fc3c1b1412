import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'
import { ruleFile } from '../../src/prometheus/rule-file.ts'
import { describeWith } from './peer.ts'

const file = shipped('config', 'prometheus', 'alertmanager.yml')
const folder = mkdtempSync(join(tmpdir(), 'siteward-amtool-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' })
}

describeWith(['amtool', 'promtool'], 'the examples of config/prometheus', () => {
  test("amtool takes Alertmanager's, with its templates", () => {
    const said = run('amtool', 'check-config', file)
    expect(said).toContain('6 receivers')
    expect(said).toContain('1 templates')
  })

  test.each([
    ['severity=critical alertname=UpsOnBattery', 'on-call'],
    ['severity=warning alertname=RoomTemperature', 'warnings'],
    ['severity=none alertname=SitewardWatchdog', 'dead-mans-switch'],
    ['severity=none alertname=Watchdog', 'dead-mans-switch'],
    ['severity=critical drill=true', 'drills'],
    ['severity=critical shadow=true', 'nobody'],
    ['severity=critical alertname=AlarmUnacknowledged escalation=response', 'escalation'],
  ])('%s goes to %s', (labels, receiver) => {
    const said = run('amtool', 'config', 'routes', 'test', `--config.file=${file}`, ...labels.split(' '))
    expect(said.trim()).toBe(receiver)
  })

  test('the text of chats has both languages', () => {
    const alert = {
      status: 'resolved',
      labels: { site: 'hospital', device: 'room', severity: 'critical' },
      annotations: { summary_zh: '机房过热', summary_en: 'the room is hot', runbook_url: 'http://wiki/heat' },
      startsAt: '2026-01-01T00:00:00Z',
      endsAt: '2026-01-01T01:00:00Z',
    }
    const data = join(folder, 'data.json')
    writeFileSync(data, JSON.stringify({ receiver: 'chat', status: 'resolved', alerts: [alert], externalURL: '' }))
    const said = run(
      'amtool',
      'template',
      'render',
      `--template.glob=${shipped('config', 'prometheus', 'siteward.tmpl')}`,
      '--template.text={{ template "siteward.text" . }}',
      `--template.data=${data}`,
    )
    expect(said).toContain('[恢复] hospital room\n机房过热\nthe room is hot\n')
    expect(said).toContain('until: 2026-01-01 01:00:00')
    expect(said).toContain('http://wiki/heat')
  })

  test("promtool takes Prometheus' configuration and the rules beside it, which are those that siteward prints", () => {
    const rules = shipped('config', 'prometheus', 'siteward.rules.yml')
    expect(run('promtool', 'check', 'config', shipped('config', 'prometheus', 'prometheus.yml'))).toContain('SUCCESS')
    const printed = ruleFile({ name: 'any', labels: {}, language: 'en', devices: [], groups: [] }, 'stand-in')
    if (process.env['UPDATE'] === '1') writeFileSync(rules, `${heading}${bodyOf(printed)}`)
    expect(bodyOf(readFileSync(rules, 'utf8'))).toBe(bodyOf(printed))
  })

  test('the containers of config/compose have configurations that Prometheus and Alertmanager take', () => {
    const compose = (name: string): string => shipped('config', 'compose', name)
    expect(run('amtool', 'check-config', compose('alertmanager.yml'))).toContain('SUCCESS')
    // As docker-compose.yml puts them side by side.
    copyFileSync(compose('prometheus.yml'), join(folder, 'prometheus.yml'))
    for (const name of ['siteward.rules.yml', 'siteward.recording.yml'])
      copyFileSync(shipped('config', 'prometheus', name), join(folder, name))
    const said = run('promtool', 'check', 'config', join(folder, 'prometheus.yml'))
    expect(said).toContain('2 rule files found')
    expect(said).not.toContain('FAILED')
  })
})

const heading =
  '# What siteward cannot say of itself. `siteward rules --config FILE` prints these with the alarms of a site.\n'

function bodyOf(text: string): string {
  return text.replace(/^#.*\n/gm, '')
}
