import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'
import { Pager } from '../peers/pager.ts'
import { describeWith } from '../peers/peer.ts'
import { freePort, pause, type Started, start, until } from '../peers/process.ts'
import { Sensors } from './sensors.ts'

const siteward = shipped('dist', 'siteward.cjs')

/** A siteward whose site is written by the test. */
class Watched {
  readonly folder = mkdtempSync(join(tmpdir(), 'siteward-reload-'))
  readonly sensors = new Sensors()
  port = 0
  #process: Started | undefined

  async prepare(): Promise<void> {
    this.port = await freePort()
    await this.sensors.listen()
  }

  write(file: string, text: string): void {
    mkdirSync(join(this.folder, file, '..'), { recursive: true })
    writeFileSync(join(this.folder, file), text)
  }

  run(): void {
    this.#process = start(process.execPath, [siteward, 'run', '--config', join(this.folder, 'site.yaml')])
  }

  output = (): string => this.#process?.output() ?? ''

  hangUp(): void {
    this.#process?.child.kill('SIGHUP')
  }

  /** What a command prints, with its exit status. */
  async command(...args: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
    const one = start(process.execPath, [siteward, ...args])
    const code = await new Promise((resolve) => one.child.once('close', resolve))
    return { code, output: one.output() }
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text()
  }

  /** The value of a metric without labels but site and device. */
  async value(name: string): Promise<number> {
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(await this.metrics())?.[1])
  }

  async reload(): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const token = readFileSync(join(this.folder, 'state', 'operator-token'), 'utf8').trim()
    const headers = { authorization: `Bearer ${token}` }
    const reply = await fetch(`http://127.0.0.1:${this.port}/-/reload`, { method: 'POST', headers })
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
  }

  async close(): Promise<void> {
    await this.#process?.stop('SIGKILL')
    this.sensors.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

describeWith(['prometheus-alertmanager'], 'reload, with everything real', () => {
  const watched = new Watched()
  const { sensors } = watched
  const pager = new Pager()
  const ports = { alertmanager: 0, pager: 0, list: 0 }
  let alertmanager: Started | undefined
  let targets: readonly string[] = []
  const list = createServer((_, response) => {
    response.end(JSON.stringify([{ targets, labels: { device: 'listed' } }]))
  })
  const everything = (): string => `${watched.output()}\n${JSON.stringify(pager.pages, null, 1)}`
  const pages = (device: string, status: string) =>
    pager.of('RoomTemperature', status).filter(({ labels }) => labels['device'] === device)

  const site = (devices: readonly string[], more = ''): string => `site: e2e
listen: 127.0.0.1:${watched.port}
alertmanagers: [http://127.0.0.1:${ports.alertmanager}]
state_directory: state
resend: 2s
reload_on_change: ${more.includes('# by hand') ? 'false' : 'true'}
defaults: { interval: 1s, timeout: 1s }
rules:
  RoomTemperature: { for: 2s, keep_firing_for: 0s }
  ConfigReloadFailed: { for: 1s }
${more}
device_sources:
  - { csv: more.csv, device: { probes: [modbus-temperature-humidity] } }
  - http_sd: http://127.0.0.1:${ports.list}/
    refresh_interval: 5s
    device: { probes: [modbus-temperature-humidity] }
devices:
${devices.join('')}`
  const entry = (name: string, host: string, more = ''): string => `  - name: ${name}
    address: ${host}:${sensors.port}
    probes: [modbus-temperature-humidity]
${more}`
  const hot = (): string => entry('hot', '127.0.1.1')
  const gone = (): string => entry('gone', '127.0.1.2')
  const slow = (): string => entry('slow', '127.0.1.3', '    rules: { RoomTemperature: { for: 30s } }\n')

  beforeAll(async () => {
    for (const name of ['alertmanager', 'pager', 'list'] as const) ports[name] = await freePort()
    await watched.prepare()
    await pager.listen(ports.pager)
    await new Promise<void>((resolve) => list.listen(ports.list, '127.0.0.1', resolve))
    watched.write('alertmanager.yml', alertmanagerFile(ports.pager))
    watched.write('more.csv', `name,address\ntabled,127.0.1.10:${sensors.port}\n`)
    watched.write('site.yaml', site([hot(), gone(), slow()], '# by hand'))
    alertmanager = start('prometheus-alertmanager', [
      `--config.file=${join(watched.folder, 'alertmanager.yml')}`,
      `--storage.path=${join(watched.folder, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
      '--cluster.listen-address=',
    ])
    await until(async () => (await fetch(`http://127.0.0.1:${ports.alertmanager}/-/ready`)).ok, 60, everything)
    for (const host of ['127.0.1.1', '127.0.1.2']) sensors.at(host).celsius = 31
    watched.run()
    await until(() => pages('hot', 'firing').length > 0 && pages('gone', 'firing').length > 0, 120, everything)
  }, 200_000)

  afterAll(async () => {
    await watched.close()
    await alertmanager?.stop('SIGKILL')
    pager.close()
    list.close()
    list.closeAllConnections()
  })

  test('a wrong file changes nothing, and is told in the reply, the log, a metric and an alarm', async () => {
    watched.write('site.yaml', site([hot(), entry('new', '127.0.1.4', '    probs: [x]\n')], '# by hand'))
    const { status, body } = await watched.reload()
    expect(status).toBe(500)
    const place = new RegExp(`${watched.folder}/site\\.yaml:\\d+:\\d+: .*probs`)
    expect(body['problems']).toEqual([expect.stringMatching(place)])
    expect(watched.output()).toMatch(place)
    expect(await watched.value('siteward_config_last_reload_successful')).toBe(0)
    await until(() => pager.of('ConfigReloadFailed', 'firing').length > 0, 60, everything)
    const before = sensors.at('127.0.1.2').reads.length
    await until(() => sensors.at('127.0.1.2').reads.length > before + 2, 60, everything)
    expect(pages('gone', 'resolved')).toEqual([])
    expect(sensors.at('127.0.1.4').connections).toBe(0)
  }, 200_000)

  test('a right one ends what is gone, begins what is new, and everything else notices nothing', async () => {
    const was = await watched.value('siteward_config_last_reload_success_timestamp_seconds')
    const next = site([hot(), slow(), entry('new', '127.0.1.4')], '# by hand')
    watched.write('next.yaml', next)
    const planned = await watched.command('plan', join(watched.folder, 'next.yaml'), '--detailed-exitcode')
    expect(planned).toEqual({ code: 2, output: expect.stringContaining('+ device new\n- device gone\n') })
    expect(planned.output).toMatch(/^- alarm RoomTemperature \(\w+\) of gone, firing$/m)
    expect(planned.output).toContain('3 devices stay as they are\n')
    watched.write('site.yaml', next)
    watched.hangUp()
    await until(() => pages('gone', 'resolved').length > 0, 60, everything)
    await until(() => sensors.at('127.0.1.4').reads.length > 0, 60, everything)
    await until(() => pager.of('ConfigReloadFailed', 'resolved').length > 0, 60, everything)
    expect(await watched.value('siteward_config_last_reload_successful')).toBe(1)
    expect(await watched.value('siteward_config_last_reload_success_timestamp_seconds')).toBeGreaterThan(was)
    expect(await watched.metrics()).not.toContain('device="gone"')
    expect(watched.output()).toContain('devices: 1 added, 1 removed')
    expect(pages('hot', 'firing')).toHaveLength(1)
    expect(pages('hot', 'resolved')).toEqual([])
    expect(sensors.at('127.0.1.1').connections).toBe(1)
  }, 200_000)

  test('an alarm goes on waiting for its time through reload after reload', async () => {
    sensors.at('127.0.1.3').celsius = 31
    let reloads = 0
    const reloading = async (): Promise<boolean> => {
      const other = entry('new', '127.0.1.4', `    labels: { shelf: '${++reloads}' }\n`)
      watched.write('site.yaml', site([hot(), slow(), other], '# by hand'))
      expect((await watched.reload()).body).toMatchObject({
        changes: { devices: { changed: [{ name: 'new', keys: ['labels'] }] } },
      })
      await pause(1000)
      return pages('slow', 'firing').length > 0
    }
    await until(reloading, 150, everything)
    expect(reloads).toBeGreaterThan(10)
    const held = (await (await fetch(`http://127.0.0.1:${ports.alertmanager}/api/v2/alerts`)).json()) as {
      readonly labels: Readonly<Record<string, string>>
      readonly startsAt: string
    }[]
    const ofHot = held.find(({ labels }) => labels['alertname'] === 'RoomTemperature' && labels['device'] === 'hot')
    expect(Date.parse(ofHot?.startsAt ?? '')).toBe(Date.parse(pages('hot', 'firing')[0]?.startsAt ?? ''))
    for (const host of ['127.0.1.1', '127.0.1.3', '127.0.1.4', '127.0.1.10'])
      expect(sensors.at(host).connections, host).toBe(1)
    expect(pages('hot', 'firing')).toHaveLength(1)
  }, 300_000)

  test('lists are asked for again; files are read again where the site says so', async () => {
    const { code, output } = await watched.command('reload', '--config', join(watched.folder, 'site.yaml'))
    expect({ code, output }).toEqual({ code: 0, output: 'nothing has changed\n' })
    targets = [`127.0.1.20:${sensors.port}`]
    await until(() => sensors.at('127.0.1.20').reads.length > 0, 60, everything)
    watched.write('site.yaml', site([hot(), slow()]))
    await pause(5000)
    expect(sensors.at('127.0.1.10').connections).toBe(1)
    expect(await watched.metrics()).toContain('device="new"')
    watched.hangUp()
    await until(async () => !(await watched.metrics()).includes('device="new"'), 60, everything)
    watched.write('more.csv', `name,address\ntabled,127.0.1.10:${sensors.port}\nother,127.0.1.11:${sensors.port}\n`)
    await until(() => sensors.at('127.0.1.11').reads.length > 0, 60, everything)
    expect(sensors.at('127.0.1.10').connections).toBe(1)
    expect(sensors.at('127.0.1.1').connections).toBe(1)
  }, 300_000)
})

describe('reload under load', () => {
  const watched = new Watched()
  const { sensors } = watched
  const interval = 10_000
  const host = (n: number): string => `127.0.${10 + Math.floor(n / 200)}.${(n % 200) + 1}`
  const entry = (n: number, more: string): string =>
    `  - { name: d${n}, address: "${host(n)}:${sensors.port}", probes: [modbus-temperature-humidity]${more} }\n`
  /** Of the first fifty devices some come, go and change with each reload; the others are always the same. */
  const site = (round: number): string => {
    const devices = Array.from({ length: 500 }, (_, n) => {
      if (n < 20) return n % 10 === round % 10 ? '' : entry(n, '')
      return entry(n, n < 50 ? `, labels: { round: '${round % 3}' }, interval: ${10 + (round % 2)}s` : '')
    })
    return `site: load
listen: 127.0.0.1:${watched.port}
state_directory: state
defaults: { interval: 10s, timeout: 8s }
devices:
${devices.join('')}`
  }

  beforeAll(() => watched.prepare())
  afterAll(() => watched.close())

  test('of 450 devices that stay as they are no poll is lost or doubled, over ten reloads', async () => {
    watched.write('site.yaml', site(0))
    watched.run()
    await until(async () => (await fetch(`http://127.0.0.1:${watched.port}/-/ready`)).ok, 120, watched.output)
    await pause(interval)
    for (let round = 1; round <= 10; round++) {
      watched.write('site.yaml', site(round))
      const { status, body } = await watched.reload()
      expect(status, JSON.stringify(body)).toBe(200)
      expect(body).toMatchObject({ changes: { devices: { kept: expect.any(Number) } } })
      await pause(interval / 3)
    }
    await pause(interval)
    const metrics = await watched.metrics()
    // On a machine that stands still for seconds a device may be late: that is no doing of a reload.
    const faults = /^siteward_poll_faults_total\{[^}]*device="(d\d+)"[^}]*\} [1-9]/gm
    const faulty = new Set([...metrics.matchAll(faults)].map(([, name]) => name))
    expect(faulty.size).toBeLessThan(45)
    for (let n = 50; n < 500; n++) {
      if (faulty.has(`d${n}`)) continue
      const { connections, reads } = sensors.at(host(n))
      expect(connections, `d${n}`).toBe(1)
      // The first poll is soon after the start, and stands outside of the device's own times.
      const gaps = reads.slice(2).map((at, i) => at - (reads[i + 1] ?? at))
      expect(gaps.length, `d${n}`).toBeGreaterThan(3)
      for (const gap of gaps) {
        expect(gap, `d${n}: ${gaps.map(Math.round).join(' ')}`).toBeGreaterThan(interval / 2)
        expect(gap, `d${n}: ${gaps.map(Math.round).join(' ')}`).toBeLessThan(interval * 1.8)
      }
    }
    expect(metrics).not.toMatch(/^siteward_device_up\{[^}]*\} 0$/m)
    expect(await watched.value('siteward_bugs_total')).toBe(0)
  }, 400_000)
})

function alertmanagerFile(pager: number): string {
  return `route: { receiver: pager, group_by: [alertname, device], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
receivers:
  - name: pager
    webhook_configs: [{ url: 'http://127.0.0.1:${pager}/', send_resolved: true }]
`
}
