import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, start, until } from '../../test/peers/process.ts'
import { adminPassword, startBmc, temperatures } from '../../test/peers/simulated-bmc.ts'
import type { Figure, Measured } from '../figure.ts'
import { cpuOf, startProgram } from '../program.ts'
import type { SensorReads, SensorsRead } from '../programs/ipmi-poll.ts'
import { compare } from '../rounds.ts'

const sensors = 120
/** Power supplies, which the simulated BMC has anyway. */
const supplies = 2
const reads = 25
const most = 0.6

export const figure: Figure = {
  id: 11,
  figure: `IPMI: CPU, children included, of a read of ${sensors} sensors of a simulated BMC, against prometheus-ipmi-exporter`,
  goal: '<= 0.6 (SDR cache kept)',
  run: measure,
}

/** Both sides keep their cache of the sensor list, and ask for the same sensors. */
async function measure(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-bench-'))
  const exporterPort = await freePort()
  const bmc = await startBmc(temperatures(sensors - supplies))
  const module = `modules:
  default:
    { user: admin, pass: '"${adminPassword}"', driver: LAN_2_0, privilege: user, timeout: 10000, collectors: [ipmi], workaround_flags: [opensesspriv] }
`
  writeFileSync(join(folder, 'ipmi.yml'), module, { mode: 0o600 })
  const exporter = start(
    'prometheus-ipmi-exporter',
    [
      `--config.file=${join(folder, 'ipmi.yml')}`,
      `--web.listen-address=127.0.0.1:${exporterPort}`,
      '--freeipmi.path=/usr/sbin',
    ],
    { ...process.env, HOME: folder },
  )
  const siteward = await startProgram<SensorReads, SensorsRead>('ipmi-poll', [String(bmc.port)])
  const url = `http://127.0.0.1:${exporterPort}/ipmi?target=127.0.0.1:${bmc.port}`
  const cost = async (pid: number, work: () => Promise<unknown>): Promise<number> => {
    const before = cpuOf(pid)
    await work()
    return (cpuOf(pid) - before) / reads
  }
  const scrape = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await (await fetch(url)).text()
  }
  try {
    const isRead = async (): Promise<boolean> => (await (await fetch(url)).text()).includes('DIMM 100 Temp')
    await until(isRead, 30, () => exporter.output())
    await siteward.ask({ reads: 5 })
    return await compare(
      {
        ours: () => cost(siteward.pid, () => siteward.ask({ reads })),
        theirs: () => cost(exporter.child.pid ?? 0, () => scrape(reads)),
      },
      most,
      'ms a read',
    )
  } finally {
    await Promise.all([siteward.stop(), exporter.stop('SIGKILL'), bmc.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}
