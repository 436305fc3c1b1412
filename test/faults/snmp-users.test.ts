import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/model/secret.ts'
import { at, pollOnce } from '../collectors/snmp/poll-snmp.ts'
import { describeWith, peer } from '../peers/peer.ts'
import { freePort, type Started, start, until } from '../peers/process.ts'
import { faultsOf } from './course.ts'
import { House, type Page } from './house.ts'

const uptime = '1.3.6.1.2.1.1.3.0'
const user = { version: 3, user: 'siteward', auth: { protocol: 'sha256', secret: new Secret('canary-auth') } }

/** Credentials by what is wrong with them. */
const credentials = `credentials:
  good: { snmp: { version: 3, user: siteward, auth: { protocol: sha256, secret: canary-auth }, priv: { protocol: aes, secret: canary-priv } } }
  wrong-auth: { snmp: { version: 3, user: siteward, auth: { protocol: sha256, secret: canary-wrong }, priv: { protocol: aes, secret: canary-priv } } }
  wrong-priv: { snmp: { version: 3, user: siteward, auth: { protocol: sha256, secret: canary-auth }, priv: { protocol: aes, secret: canary-wrong } } }
  unknown-user: { snmp: { version: 3, user: nobody, auth: { protocol: sha256, secret: canary-auth }, priv: { protocol: aes, secret: canary-priv } } }`

const probe = `probe: fault-uptime
title: One scalar of an agent
collector: snmp
proof: register-map
points:
  - { metric: device_uptime_seconds, oid: ${uptime}, scale: 0.01 }
`

/** A wire on which the last byte of each answer that is not discovery is another. */
async function startTamperer(port: number) {
  const [near, far] = [createSocket('udp4'), createSocket('udp4')]
  let client = 0
  near.on('message', (message, { port: from }) => {
    client = from
    far.send(message, port, '127.0.0.1')
  })
  far.on('message', (message) => {
    // Reports to discovery are shorter than any answer to this user.
    if (message.length > 120) message.writeUInt8(message.readUInt8(message.length - 1) ^ 1, message.length - 1)
    near.send(message, client, '127.0.0.1')
  })
  await new Promise<void>((resolve) => near.bind(0, '127.0.0.1', resolve))
  return {
    port: near.address().port,
    close() {
      near.close()
      far.close()
    },
  }
}

describeWith(['snmpd'], 'the users of a real agent', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-users-'))
  let port = 0
  let agent: Started
  let house: House
  let tamperer: Awaited<ReturnType<typeof startTamperer>>

  const startAgent = async (): Promise<void> => {
    const env = { ...process.env, SNMP_PERSISTENT_DIR: join(folder, 'persistent'), SNMPCONFPATH: folder }
    agent = start(peer('snmpd') ?? 'snmpd', ['-f', '-Lo', '-C', '-c', join(folder, 'snmpd.conf')], env)
    const isThere = async (): Promise<boolean> =>
      (await pollOnce(port, [at('uptime', { oid: uptime })], user)).readings.length > 0
    await until(isThere, 30, agent.output)
  }

  const faults = (page: Page): number => faultsOf(page, 'good')

  /** Waits for the page on which a device is up, or down. */
  const awaitUp = async (device: string, up: number): Promise<Page> => {
    let page = await house.page()
    await until(
      async () => {
        page = await house.page()
        return page.value('siteward_device_up', { device }) === up
      },
      60,
      () => house.output,
    )
    return page
  }

  beforeAll(async () => {
    port = await freePort()
    writeFileSync(
      join(folder, 'snmpd.conf'),
      `agentaddress udp:127.0.0.1:${port}\ncreateUser siteward SHA-256 canary-auth AES canary-priv\nrouser siteward auth\n`,
    )
    await startAgent()
    tamperer = await startTamperer(port)
    const more = 'probes: [fault-uptime], snmp: { timeout: 600ms, retries: 0 }'
    const devices = ['good', 'wrong-auth', 'wrong-priv', 'unknown-user'].map(
      (name) => `  - { name: ${name}, address: '127.0.0.1:${port}', credentials: ${name}, ${more} }`,
    )
    const tampered = `  - { name: tampered, address: '127.0.0.1:${tamperer.port}', credentials: good, ${more} }`
    house = await House.build({
      site: `defaults: { interval: 1s, timeout: 1s }\n${credentials}\ndevices:\n${[...devices, tampered].join('\n')}\n`,
      files: { 'probes/fault-uptime.yaml': probe },
    })
    await house.start()
  })

  afterAll(async () => {
    await house.remove()
    await agent.stop('SIGKILL')
    tamperer.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each([
    ['wrong-auth', 'auth', /check user, auth and priv/],
    ['unknown-user', 'auth', /user/],
    ['tampered', 'auth', /check user, auth and priv/],
    // What cannot be decrypted the agent passes over in silence: the message says so.
    ['wrong-priv', 'timeout', /privacy|priv/],
  ])('D8: %s is a fault of kind %s, and shows no key', async (device, kind, words) => {
    await awaitUp('good', 1)
    let page = await house.page()
    const isTold = async (): Promise<boolean> => {
      page = await house.page()
      return faultsOf(page, device, kind) >= 3
    }
    await until(isTold, 60, () => house.output)
    expect(page.value('siteward_device_up', { device })).toBe(0)
    const said = house.output
      .split('\n')
      .find((line) => line.includes(`"${device}"`) && line.includes(`"fault":"${kind}"`))
    expect(said).toMatch(words)
    expect(house.output).not.toContain('canary')
    expect(page.value('siteward_bugs_total')).toBe(0)
  })

  test.each(['restarted', 'replaced'])('D8: an agent that was %s is read again at the first poll', async (what) => {
    await awaitUp('good', 1)
    await agent.stop(what === 'restarted' ? 'SIGTERM' : 'SIGKILL')
    await awaitUp('good', 0)
    if (what === 'replaced') rmSync(join(folder, 'persistent'), { recursive: true })
    await startAgent()
    const before = faults(await house.page())
    const after = faults(await awaitUp('good', 1))
    // One poll may have been under way, or just begun, when the agent was not there yet.
    expect(after - before).toBeLessThanOrEqual(1)
  })
})
