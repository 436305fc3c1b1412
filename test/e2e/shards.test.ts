import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'
import { freePort, pause, type Started, start, until } from '../peers/process.ts'
import { Gateway } from './modbus-gateway.ts'

const gateways = Array.from({ length: 60 }, () => new Gateway())
const unitsEach = 5
const shards = 3
const folder = mkdtempSync(join(tmpdir(), 'siteward-shards-'))
const ports: number[] = []
const daemons: Started[] = []

/** 300 devices: five units behind each of 60 gateways. */
const devices = gateways.flatMap((_, gateway) =>
  Array.from({ length: unitsEach }, (_, i) => ({ name: `sensor-${gateway}-${i + 1}`, gateway, unit: i + 1 })),
)

function startShard(index: number): Started {
  const state = join(folder, `state-${index}`)
  mkdirSync(state, { recursive: true })
  const args = ['run', '--config', join(folder, 'site.yaml'), '--shard', `${index}/${shards}`]
  const listen = ['--listen', `127.0.0.1:${ports[index - 1]}`]
  const env = { ...process.env, STATE_DIRECTORY: state }
  return start(process.execPath, [shipped('dist', 'siteward.cjs'), ...args, ...listen], env)
}

/** The devices that a shard has readings of. */
async function read(index: number): Promise<readonly string[]> {
  const text = await (await fetch(`http://127.0.0.1:${ports[index - 1]}/metrics`)).text()
  const found = text.matchAll(/^room_temperature_celsius\{.*device="([^"]+)".*\} 24\.1$/gm)
  return [...found].map(([, name]) => name ?? '').sort()
}

const said = (): string => daemons.map((daemon) => daemon.output().slice(-2000)).join('\n---\n')

/** Every device is read since the gateways were last told to forget, and each gateway has one master. */
async function untilAllAreRead(): Promise<void> {
  for (const gateway of gateways) gateway.forget()
  await until(() => gateways.every(({ reads, masters }) => reads.size === unitsEach && masters === 1), 60, said)
}

beforeAll(async () => {
  for (let i = 0; i < shards; i++) ports.push(await freePort())
  await Promise.all(gateways.map((gateway) => gateway.listen()))
  const lines = devices.map(
    ({ name, gateway, unit }) =>
      `  - { name: ${name}, address: '127.0.0.1:${gateways[gateway]?.port}', probes: [modbus-temperature-humidity], modbus: { unit: ${unit} } }`,
  )
  const head = 'site: large\nalertmanagers: []\ndefaults: { interval: 2s, timeout: 2s }\ndevices:'
  writeFileSync(join(folder, 'site.yaml'), `${head}\n${lines.join('\n')}\n`)
  for (let index = 1; index <= shards; index++) daemons.push(startShard(index))
}, 120_000)

afterAll(async () => {
  await Promise.all(daemons.map((daemon) => daemon.stop('SIGKILL')))
  for (const gateway of gateways) gateway.close()
  rmSync(folder, { recursive: true, force: true })
})

test('three shards poll 300 devices, each by one; one is killed and comes back, and the others notice nothing', async () => {
  await untilAllAreRead()
  const before = await Promise.all([1, 2, 3].map(read))
  expect(before.flat().sort()).toEqual(devices.map(({ name }) => name).sort())
  for (const names of before) expect(names.length).toBeGreaterThan(50)

  expect(await daemons[1]?.stop('SIGKILL')).toBe('SIGKILL')
  await pause(3000)
  // Its buses are left alone, and those of the others are polled as before.
  const orphaned = gateways.filter(({ masters }) => masters === 0)
  expect(orphaned).toHaveLength((before[1]?.length ?? 0) / unitsEach)
  expect(await read(1)).toEqual(before[0])
  expect(await read(3)).toEqual(before[2])
  for (const gateway of gateways) gateway.forget()
  await until(() => gateways.filter(({ reads }) => reads.size === unitsEach).length === 60 - orphaned.length, 30, said)

  daemons[1] = startShard(2)
  await untilAllAreRead()
  expect(await Promise.all([1, 2, 3].map(read))).toEqual(before)
  expect([daemons[0]?.child.exitCode, daemons[2]?.child.exitCode]).toEqual([null, null])
}, 240_000)
