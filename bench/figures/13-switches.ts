import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shipped } from '../../src/home.ts'
import { freePort, pause, type Started, start, until } from '../../test/peers/process.ts'
import type { Figure, Measured } from '../figure.ts'
import { cpuOf, memoryOf } from '../program.ts'
import { type Responder, startResponder } from '../responder.ts'
import { shortNumber } from '../rounds.ts'

const devices = 5000
const ports = 24
/** SITEWARD_BENCH_MINUTES=30 for the long run. */
const minutes = Number(process.env['SITEWARD_BENCH_MINUTES'] ?? 3)
const latest = 1
const mostCpu = 0.6
/** In MB. */
const mostMemory = 600
const minute = 60_000

export const figure: Figure = {
  id: 13,
  figure: `${devices.toLocaleString('en')} simulated switches (${ports} ports, 10 columns), every 60 s, for ${minutes} minutes: p99 of the polls' lateness in seconds, CPU, memory`,
  goal: '< 1 s, < 60 % of a core, < 600 MB',
  run: measure,
}

/** A name and nine numbers of each port. */
const probe = `probe: bench-switch
title: Ten columns of a switch
collector: snmp
proof: register-map
points:
${Object.entries({
  interface_speed_bytes_per_second: '1.3.6.1.2.1.31.1.1.1.15',
  interface_receive_bytes_total: '1.3.6.1.2.1.31.1.1.1.6',
  interface_transmit_bytes_total: '1.3.6.1.2.1.31.1.1.1.10',
  interface_receive_packets_total: '1.3.6.1.2.1.31.1.1.1.7',
  interface_transmit_packets_total: '1.3.6.1.2.1.31.1.1.1.11',
  interface_receive_errors_total: '1.3.6.1.2.1.2.2.1.14',
  interface_transmit_errors_total: '1.3.6.1.2.1.2.2.1.20',
  interface_receive_discards_total: '1.3.6.1.2.1.2.2.1.13',
  interface_transmit_discards_total: '1.3.6.1.2.1.2.2.1.19',
})
  .map(
    ([metric, oid]) =>
      `  - { metric: ${metric}, column: ${oid}, labels: { interface: { column: 1.3.6.1.2.1.31.1.1.1.1 } } }\n`,
  )
  .join('')}`

/** The daemon as it is run, with one scrape a minute; all its threads' CPU counts. */
async function measure(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-bench-'))
  const agent = await startResponder(ports)
  const port = await freePort()
  mkdirSync(join(folder, 'probes'))
  writeFileSync(join(folder, 'probes', 'bench-switch.yaml'), probe)
  writeFileSync(join(folder, 'site.yaml'), site(folder, port, agent))
  const siteward = start(process.execPath, [
    shipped('dist', 'siteward.cjs'),
    'run',
    '--config',
    join(folder, 'site.yaml'),
  ])
  try {
    return await watch(siteward, `http://127.0.0.1:${port}`)
  } finally {
    await Promise.all([siteward.stop('SIGKILL'), agent.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}

function site(folder: string, port: number, agent: Responder): string {
  const list = Array.from(
    { length: devices },
    (_, n) =>
      `  - { name: switch-${n}, address: '127.1.${Math.floor(n / 250)}.${(n % 250) + 1}:${agent.port}', credentials: net, probes: [bench-switch] }\n`,
  )
  return `site: bench
listen: 127.0.0.1:${port}
state_directory: ${join(folder, 'state')}
probe_directories: [probes]
defaults: { interval: 60s, timeout: 10s }
credentials: { net: { snmp: { version: 2c, community: public } } }
devices:
${list.join('')}`
}

async function watch(siteward: Started, url: string): Promise<Measured> {
  const pid = siteward.child.pid ?? 0
  await until(
    async () => (await fetch(`${url}/-/ready`)).status === 200,
    180,
    () => siteward.output().slice(-500),
  )
  // The first round was quicker than the others are: the schedule takes its pace within an interval.
  await pause(minute)
  const before = { cpu: cpuOf(pid), at: performance.now(), lateness: (await scrape(url)).lateness }
  for (let i = 0; i < minutes; i++) {
    await pause(minute - 5000)
    if (i + 1 < minutes) await scrape(url)
    await pause(5000)
  }
  const after = await scrape(url)
  const cpu = (cpuOf(pid) - before.cpu) / (performance.now() - before.at)
  const [peak, now] = [memoryOf(pid, 'VmHWM'), memoryOf(pid, 'VmRSS')]
  const value = quantile(0.99, before.lateness, after.lateness)
  if (after.up !== devices) throw new Error(`only ${after.up} of ${devices} switches are up`)
  return {
    value,
    met: value < latest && cpu < mostCpu && peak < mostMemory,
    spread: `${polled(before.lateness, after.lateness)} polls; the bound of the histogram's bucket`,
    detail: `${shortNumber(cpu * 100)} % of a core, memory at most ${shortNumber(peak)} MB (${shortNumber(now)} at the end), ${after.series} series, scraped once a minute`,
  }
}

/** How many polls started within each bound, in seconds. */
type Lateness = ReadonlyMap<number, number>

/** Reads /metrics as it comes: it is too long to be kept. */
async function scrape(url: string): Promise<{ lateness: Lateness; up: number; series: number }> {
  const lateness = new Map<number, number>()
  let [up, series, rest] = [0, 0, '']
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // A connection of its own: one that was kept may have been closed meanwhile.
    get(`${url}/metrics`, { agent: false }, resolve).once('error', reject)
  })
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('#')) series++
      if (line.startsWith('siteward_device_up{') && line.endsWith(' 1')) up++
      const bucket = /^siteward_schedule_lateness_seconds_bucket\{.*le="([^"]+)".*\} (\d+)$/.exec(line)
      if (bucket !== null)
        lateness.set(bucket[1] === '+Inf' ? Number.POSITIVE_INFINITY : Number(bucket[1]), Number(bucket[2]))
    }
  }
  return { lateness, up, series }
}

/** The lowest bound within which that share of the polls started. */
function quantile(share: number, before: Lateness, after: Lateness): number {
  const wanted = polled(before, after) * share
  const bounds = [...after.keys()].sort((a, b) => a - b)
  return bounds.find((bound) => (after.get(bound) ?? 0) - (before.get(bound) ?? 0) >= wanted) ?? Number.NaN
}

function polled(before: Lateness, after: Lateness): number {
  return (after.get(Number.POSITIVE_INFINITY) ?? 0) - (before.get(Number.POSITIVE_INFINITY) ?? 0)
}
