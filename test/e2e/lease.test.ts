import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'
import { freePort, type Started, start, until } from '../peers/process.ts'
import { Gateway } from './modbus-gateway.ts'

const gateway = new Gateway()
const folder = mkdtempSync(join(tmpdir(), 'siteward-pair-'))
const lease = join(folder, 'lease')
const ports: number[] = []
const started: Started[] = []

function startSide(side: 0 | 1): Started {
  const state = join(folder, `state-${side}`)
  mkdirSync(state, { recursive: true })
  const args = ['run', '--config', join(folder, 'site.yaml'), '--lease', lease, '--listen', `127.0.0.1:${ports[side]}`]
  const env = { ...process.env, STATE_DIRECTORY: state }
  const daemon = start(process.execPath, [shipped('dist', 'siteward.cjs'), ...args], env)
  started.push(daemon)
  return daemon
}

async function answer(side: 0 | 1, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${ports[side]}${path}`)
  return { status: response.status, text: await response.text() }
}

async function polls(side: 0 | 1): Promise<boolean> {
  const { text } = await answer(side, '/metrics')
  return text.includes('siteward_lease_held 1') && text.includes('room_temperature_celsius{')
}

const said = (): string => started.map((daemon) => daemon.output().slice(-2000)).join('\n---\n')

beforeAll(async () => {
  await gateway.listen()
  mkdirSync(lease)
  ports.push(await freePort(), await freePort())
  writeFileSync(
    join(folder, 'site.yaml'),
    `site: pair\nalertmanagers: []\ndefaults: { interval: 1s, timeout: 1s }\ndevices:\n  - { name: room, address: '127.0.0.1:${gateway.port}', probes: [modbus-temperature-humidity] }\n`,
  )
})

afterAll(async () => {
  await Promise.all(started.map((daemon) => daemon.stop('SIGKILL')))
  gateway.close()
  rmSync(folder, { recursive: true, force: true })
})

test('of two sitewards one polls; the other takes over when it is told to stop, and when it is killed', async () => {
  const first = startSide(0)
  await until(() => polls(0), 30, said)
  const second = startSide(1)
  await until(async () => (await answer(1, '/-/healthy')).status === 200, 30, said)
  expect((await answer(1, '/metrics')).text).toContain('siteward_lease_held 0')
  expect((await answer(1, '/-/ready')).status).toBe(503)
  expect(gateway.masters).toBe(1)

  // An orderly end hands over at once.
  expect(await first.stop()).toBe(0)
  await until(() => polls(1), 30, said)
  expect(gateway.masters).toBe(1)

  // A death is noticed by silence.
  startSide(0)
  await until(async () => (await answer(0, '/-/healthy')).status === 200, 30, said)
  expect(gateway.masters).toBe(1)
  await second.stop('SIGKILL')
  await until(() => polls(0), 90, said)
  expect(gateway.masters).toBe(1)
  expect(readdirSync(lease)).toHaveLength(3)
}, 240_000)
