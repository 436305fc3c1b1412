import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { arch, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseRecording } from '../collectors/snmp/recording.ts'
import { startSnmpSimulator } from '../collectors/snmp/simulator.ts'
import { freePort, type Started, start, until } from '../test/peers/process.ts'
import { exporterConfiguration, switchRecording } from './if-mib.ts'
import { pollSwitch } from './siteward-poll.ts'

/**
 * CPU (user + system) of one poll of a 48-port switch with its text for /metrics: siteward beside
 * prometheus-snmp-exporter, the same simulated agent and the same 41 columns of IF-MIB, in turn inside each round. Run:
 * `npx tsx bench/snmp-switch.ts [ROUNDS [POLLS]]`. Ratios count; single times are only good for this machine.
 */
const ports = 48
const [, , mode = '3', rest = '60'] = process.argv

if (mode === 'agent') await serve(Number(rest))
else if (mode === 'siteward') await child(Number(rest))
else await bench(Number(mode), Number(rest))

/** The agent, in a process of its own, so that its CPU is nobody's. */
async function serve(port: number): Promise<void> {
  const recording = parseRecording(switchRecording(ports), 'switch48')
  if (!recording.ok) throw new Error('the recording is broken')
  await startSnmpSimulator({ recording: recording.value, port })
  process.stdout.write('ready\n')
}

/** siteward's side, in a process of its own: warm, then as many polls as it is told on standard input. */
async function child(port: number): Promise<void> {
  const poll = await pollSwitch(port)
  for (let i = 0; i < 20; i++) await poll.once()
  process.stdout.write('ready\n')
  process.stdin.on('data', async (data: Buffer) => {
    const count = Number(data.toString())
    const before = process.cpuUsage()
    let last = { series: 0, requests: 0 }
    for (let i = 0; i < count; i++) last = await poll.once()
    const { user, system } = process.cpuUsage(before)
    process.stdout.write(`${JSON.stringify({ ms: (user + system) / 1000 / count, ...last })}\n`)
  })
}

interface Measured {
  readonly ms: number
  readonly series: number
  readonly requests: number
}

async function bench(rounds: number, polls: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-bench-'))
  const [agentPort, exporterPort] = [await freePort(), await freePort()]
  writeFileSync(join(folder, 'snmp.yml'), exporterConfiguration())
  const own = ['--import', 'tsx', process.argv[1] ?? '']
  const agent = start(process.execPath, [...own, 'agent', String(agentPort)])
  const exporter = start('prometheus-snmp-exporter', [
    `--config.file=${join(folder, 'snmp.yml')}`,
    `--web.listen-address=127.0.0.1:${exporterPort}`,
  ])
  try {
    await until(
      () => agent.output().includes('ready'),
      20,
      () => agent.output(),
    )
    const siteward = startSiteward([...own, 'siteward', String(agentPort)])
    const url = `http://127.0.0.1:${exporterPort}/snmp?module=if_mib&target=127.0.0.1:${agentPort}`
    await until(
      async () => (await (await fetch(url)).text()).includes('ifHCInOctets{'),
      20,
      () => exporter.output(),
    )
    await siteward.ready
    const ratios: number[] = []
    const rows: [number, number][] = []
    for (let round = 0; round < rounds; round++) {
      const theirs = await scrape(exporter, url, polls)
      const ours = await siteward.measure(polls)
      ratios.push(ours.ms / theirs.ms)
      rows.push([ours.ms, theirs.ms])
      process.stdout.write(
        `round ${round + 1}: siteward ${ours.ms.toFixed(2)} ms (${ours.series} series, ${ours.requests} requests), exporter ${theirs.ms.toFixed(2)} ms (${theirs.series} series): ratio ${(ours.ms / theirs.ms).toFixed(3)}\n`,
      )
    }
    ratios.sort((a, b) => a - b)
    const [cpu] = cpus()
    process.stdout.write(
      `median ratio ${(ratios[Math.floor(ratios.length / 2)] ?? 0).toFixed(3)} (${ratios[0]?.toFixed(3)} to ${ratios.at(-1)?.toFixed(3)}), ${rounds} rounds of ${polls} polls, Node ${process.version}, ${cpu?.model ?? arch()} x ${cpus().length}\n`,
    )
    siteward.stop()
  } finally {
    await Promise.all([agent.stop('SIGKILL'), exporter.stop('SIGKILL')])
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The exporter's CPU over all its threads, from /proc: utime and stime in hundredths of a second (proc(5)). */
async function scrape({ child: { pid } }: Started, url: string, polls: number): Promise<Measured> {
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  }
  const before = ticks()
  let text = ''
  for (let i = 0; i < polls; i++) text = await (await fetch(url)).text()
  return { ms: ((ticks() - before) * 10) / polls, series: text.match(/^if\w+\{/gm)?.length ?? 0, requests: 0 }
}

function startSiteward(args: readonly string[]): {
  ready: Promise<void>
  measure(polls: number): Promise<Measured>
  stop(): void
} {
  const run = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[] = []
  let wake = (): void => {}
  run.stdout.on('data', (data: Buffer) => {
    lines.push(...data.toString().trim().split('\n'))
    wake()
  })
  const line = async (): Promise<string> => {
    while (lines.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return lines.shift() ?? ''
  }
  return {
    ready: line().then(() => {}),
    measure: async (polls) => {
      run.stdin.write(`${polls}\n`)
      return JSON.parse(await line()) as Measured
    },
    stop: () => run.kill(),
  }
}
