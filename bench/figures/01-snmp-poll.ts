import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, start, until } from '../../test/peers/process.ts'
import type { Figure, Measured } from '../figure.ts'
import { cpuOf, startProgram } from '../program.ts'
import { exporterConfiguration } from '../programs/if-mib.ts'
import type { Polled, Polls } from '../programs/switch-poll.ts'
import { startResponder } from '../responder.ts'
import { compare } from '../rounds.ts'

const ports = 48
const polls = 60
/** Ours are short: more of them, so that a collection of garbage weighs as it should. */
const ownPolls = 300
/** Polls before the first round: V8 compiles what is hot, Go fills its caches. */
const warmUp = 150
const most = 0.1

export const figure: Figure = {
  id: 1,
  figure:
    'CPU of one full poll of a 48-port switch (ifTable + ifXTable, 41 columns) with its text on /metrics, against prometheus-snmp-exporter',
  goal: '<= 0.10',
  run: measure,
}

async function measure(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-bench-'))
  const exporterPort = await freePort()
  const agent = await startResponder(ports)
  writeFileSync(join(folder, 'snmp.yml'), exporterConfiguration())
  const exporter = start('prometheus-snmp-exporter', [
    `--config.file=${join(folder, 'snmp.yml')}`,
    `--web.listen-address=127.0.0.1:${exporterPort}`,
  ])
  const siteward = await startProgram<Polls, Polled>('switch-poll', [String(agent.port)])
  const url = `http://127.0.0.1:${exporterPort}/snmp?module=if_mib&target=127.0.0.1:${agent.port}`
  const scrape = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await (await fetch(url)).text()
  }
  const pid = exporter.child.pid ?? 0
  try {
    await until(
      async () => (await (await fetch(url)).text()).includes('ifHCInOctets{'),
      20,
      () => exporter.output(),
    )
    await scrape(warmUp)
    await siteward.ask({ devices: 1, polls: warmUp, isExposed: true })
    const sides = {
      ours: async () => (await siteward.ask({ devices: 1, polls: ownPolls, isExposed: true })).ms,
      theirs: async () => {
        const before = cpuOf(pid)
        await scrape(polls)
        return (cpuOf(pid) - before) / polls
      },
    }
    return await compare(sides, most, 'ms a poll')
  } finally {
    await Promise.all([agent.stop(), siteward.stop(), exporter.stop('SIGKILL')])
    rmSync(folder, { recursive: true, force: true })
  }
}
