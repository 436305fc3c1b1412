import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backtest } from '../../src/commands/backtest.ts'
import { systemClock } from '../../src/model/clock.ts'
import { pastPrometheus } from './past-prometheus.ts'
import { describeWith } from './peer.ts'
import type { Started } from './process.ts'

const minute = 60

describeWith(['prometheus', 'promtool'], 'a backtest of what a real Prometheus has', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-backtest-'))
  let prometheus: Started
  let url = ''
  const now = Math.floor(Date.now() / 1000 / minute) * minute

  beforeAll(async () => {
    const past = await pastPrometheus(folder, pastText(now), [])
    prometheus = past.prometheus
    url = past.url
  })

  afterAll(async () => {
    await prometheus.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  const run = async (
    limit: number,
  ): Promise<Record<string, { alarm: string; own?: unknown; from: string; to: string }[]>> => {
    const file = join(folder, `site-${limit}.yaml`)
    writeFileSync(file, siteText(limit, url))
    const written: string[] = []
    const said: string[] = []
    const status = await backtest.run([file, '--since', '8h', '--step', '1m', '--json'], {
      out: { write: (text) => written.push(String(text)) },
      err: { write: (text) => said.push(String(text)) },
      env: {},
      clock: systemClock,
      untilStopped: async () => {},
      onHangup: () => {},
    })
    expect({ status, said }).toEqual({ status: 0, said: [] })
    return JSON.parse(written.join(''))
  }

  test('the rules of then fire as they did; tighter ones fire more, wider ones less', async () => {
    const same = await run(28)
    expect(same['as_before']).toHaveLength(1)
    expect([same['would_fire'], same['would_not_fire']]).toEqual([[], []])
    const tight = await run(26)
    expect(tight['as_before']).toHaveLength(1)
    expect(tight['would_fire']).toMatchObject([{ alarm: 'RoomTemperature', to: stamp(now - 100 * minute) }])
    const wide = await run(34)
    expect(wide['would_not_fire']).toMatchObject([
      { alarm: 'RoomTemperature', from: stamp(now - 298 * minute), to: stamp(now - 240 * minute) },
    ])
    expect([wide['would_fire'], wide['as_before']]).toEqual([[], []])
  }, 60_000)
})

function stamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Seven hours: an hour at 30 °C, for which the alarm fired; half an hour at 27 °C, for which it did not. */
function pastText(now: number): string {
  const values: string[] = []
  const counts: string[] = []
  for (let ago = 420; ago >= 0; ago--) {
    const at = now - ago * minute
    const celsius = ago <= 300 && ago > 240 ? 30 : ago <= 130 && ago > 100 ? 27 : 24
    const firing = ago <= 298 && ago > 240 ? 1 : 0
    values.push(`room_temperature_celsius{site="past",device="room",job="siteward",instance="a"} ${celsius} ${at}`)
    counts.push(
      `siteward_alarms{site="past",device="room",alarm="RoomTemperature",severity="warning",state="firing",job="siteward",instance="a"} ${firing} ${at}`,
    )
  }
  const family = (name: string, lines: readonly string[]): string => `# TYPE ${name} gauge\n${lines.join('\n')}\n`
  return `${family('room_temperature_celsius', values)}${family('siteward_alarms', counts)}# EOF\n`
}

function siteText(limit: number, prometheus: string): string {
  return `site: past
listen: 127.0.0.1:1
prometheus: ${prometheus}
devices:
  - name: room
    address: 127.0.0.1:502
    probes: [modbus-temperature-humidity]
    interval: 1m
    rules:
      RoomHumidity: off
      DeviceDown: off
      RoomTemperature: { for: 2m, keep_firing_for: 0s, hysteresis: 0, critical: off, warning: { within: 20..${limit} } }
`
}
