import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from '../../../collectors/collector.ts'
import { Names, names as systemNames } from '../../../collectors/names.ts'
import { reach, reachWith } from '../../../collectors/reach/collector.ts'
import { parsePing } from '../../../collectors/reach/ping-output.ts'
import { type Identity, type SimulatedDevice, type Simulation, simulate } from '../../../collectors/reach/simulator.ts'
import type { Means } from '../../../collectors/reach/transport.ts'
import { ManualClock } from '../../manual-clock.ts'
import { context, lines, prepared, problemsOf, type Setup } from '../prepared.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-reach-'))
let identity: Identity
const devices: SimulatedDevice[] = []
const jobs: Job[] = []

beforeAll(() => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert]
  const subject = ['-subj', '/CN=camera.test', '-days', '30', '-addext', 'subjectAltName=DNS:camera.test']
  execFileSync('openssl', ['req', '-x509', ...newKey, ...subject], { stdio: 'ignore' })
  identity = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
})

afterEach(async () => {
  for (const job of jobs.splice(0)) await job.close()
  for (const device of devices.splice(0)) await device.close()
})

afterAll(() => rmSync(folder, { recursive: true }))

async function device(simulation: Simulation): Promise<SimulatedDevice> {
  const made = await simulate(simulation)
  devices.push(made)
  return made
}

function job(points: string, more: Partial<Setup> = {}, means?: Partial<Means>): Job {
  const collector = means === undefined ? reach : reachWith({ spawn, names: systemNames, ...means })
  const made = prepared(collector, { address: '127.0.0.1', points, ...more })
  jobs.push(made)
  return made
}

/** A `ping` of our own, found instead of the system's. */
function pingThat(script: string): Partial<Means> {
  const file = join(mkdtempSync(join(folder, 'ping-')), 'ping')
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return { spawn: (name, args, options) => spawn(name === 'ping' ? file : name, args, options) }
}

const icmp = `
- { metric: reach_up, check: icmp }
- { metric: reach_loss_ratio, check: icmp, value: loss }
- { metric: reach_duration_seconds, check: icmp, value: duration }
`

describe('icmp', () => {
  test('a host that answers, by the system ping', async () => {
    const result = await job(icmp, { options: { packets: 1 } }).poll(context())
    expect(lines(result).slice(0, 2)).toEqual(['reach_up 1', 'reach_loss_ratio 0 %'])
    expect(result.readings[2]?.value).toBeGreaterThan(0)
    expect(result.readings[2]?.value).toBeLessThan(1)
    expect(result.requests).toBe(1)
  })

  test('a dead host is a reading and no fault', async () => {
    const ping = pingThat('echo "3 packets transmitted, 0 received, 100% packet loss, time 2030ms"; exit 1')
    const result = await job(icmp, {}, ping).poll(context())
    expect(lines(result)).toEqual(['reach_up 0', 'reach_loss_ratio 100 %', 'reach_duration_seconds not available'])
  })

  test('a part of the packets lost', async () => {
    const out = '3 packets transmitted, 2 received, 33%% packet loss\\nrtt min/avg/max/mdev = 1.0/2.5/4.0/0.1 ms'
    const result = await job(icmp, {}, pingThat(`printf '${out}\\n'`)).poll(context())
    expect(lines(result)).toEqual(['reach_up 1', 'reach_loss_ratio 33.333 %', 'reach_duration_seconds 0.0025 s'])
  })

  test('a ping that hangs and ignores SIGTERM is killed at the deadline of the check', async () => {
    const begun = performance.now()
    const ping = pingThat('trap "" TERM; sleep 30')
    const result = await job(icmp, { timeout: 1000, options: { packets: 1 } }, ping).poll(context(2000))
    expect(lines(result)).toEqual(['reach_up 0', 'reach_loss_ratio 100 %', 'reach_duration_seconds not available'])
    expect(performance.now() - begun).toBeLessThan(1500)
  })

  test('when siteward stops nothing is said of the device', async () => {
    const result = await job(icmp, {}, pingThat('sleep 30')).poll(context(100))
    expect(lines(result)).toEqual(['fault cancelled (3): the poll ended before this check did'])
  })

  test('no ping installed is a fault that names the package', async () => {
    const missing: Partial<Means> = { spawn: (_, args, options) => spawn('siteward-no-such-ping', args, options) }
    expect((await job(icmp, {}, missing).poll(context())).faults).toMatchObject([
      { kind: 'config', points: 3, detail: expect.stringContaining('iputils-ping') },
    ])
  })

  test('a ping that may not send is a fault and not a dead host', async () => {
    const ping = pingThat(
      'echo "ping: socktype: SOCK_RAW" >&2; echo "ping: socket: Operation not permitted" >&2; exit 2',
    )
    expect((await job(icmp, {}, ping).poll(context())).faults).toMatchObject([{ kind: 'config', points: 3 }])
  })

  test('no route is a dead host', async () => {
    const ping = pingThat('echo "ping: connect: Network is unreachable" >&2; exit 2')
    expect(lines(await job(icmp, {}, ping).poll(context()))[0]).toBe('reach_up 0')
  })

  test.each([
    [
      'iputils',
      '3 packets transmitted, 3 received, 0% packet loss, time 2003ms\nrtt min/avg/max/mdev = 0.048/0.147/0.247/0.099 ms\n',
      3,
    ],
    [
      'busybox',
      '3 packets transmitted, 3 packets received, 0% packet loss\nround-trip min/avg/max = 0.048/0.147/0.247 ms\n',
      3,
    ],
    [
      'BSD',
      '3 packets transmitted, 3 packets received, 0.0% packet loss\nround-trip min/avg/max/stddev = 0.048/0.147/0.247/0.1 ms\n',
      3,
    ],
    ['errors', '3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2031ms\n', 0],
    [
      'duplicates',
      '1 packets transmitted, 1 received, +1 duplicates, 0% packet loss\nrtt min/avg/max/mdev = 0.048/0.147/0.247/0.099 ms\n',
      1,
    ],
  ])('the summary of ping: %s', (_, text, received) => {
    const roundTrip = received === 0 ? undefined : 0.000147
    expect(parsePing(text)).toEqual({ sent: text.startsWith('1') ? 1 : 3, received, roundTrip })
  })

  test.each(['', 'PING', '9'.repeat(100_000), ' packets transmitted, '.repeat(20_000)])('no summary: %#', (text) => {
    expect(parsePing(text)).toBeUndefined()
  })
})

describe('tcp', () => {
  const points = (port: number) => `
- { metric: reach_up, check: tcp, port: ${port}, labels: { check: name } }
- { metric: reach_duration_seconds, check: tcp, port: ${port}, value: duration, labels: { check: name } }
`

  test('an open port and, after it closes, a refused one', async () => {
    const { port, close } = await device({ kind: 'tcp' })
    const made = job(points(port))
    expect(lines(await made.poll(context()))[0]).toBe(`reach_up{check="tcp ${port}"} 1`)
    await close()
    expect(lines(await made.poll(context()))).toEqual([
      `reach_up{check="tcp ${port}"} 0`,
      `reach_duration_seconds{check="tcp ${port}"} not available`,
    ])
  })

  test('the port may come from the address or from the device', async () => {
    const { port } = await device({ kind: 'tcp' })
    const point = '- { metric: reach_up, check: tcp }'
    expect(lines(await job(point, { address: `127.0.0.1:${port}` }).poll(context()))).toEqual(['reach_up 1'])
    expect(lines(await job(point, { options: { ports: { tcp: port } } }).poll(context()))).toEqual(['reach_up 1'])
  })
})

const web = (port: number, more = '') => `
- { metric: reach_up, check: http, port: ${port}${more} }
- { metric: reach_http_status, check: http, port: ${port}, value: status${more} }
`

describe('http', () => {
  test('one request serves all points of the same check; the name of the device is asked for', async () => {
    const page = await device({ kind: 'http' })
    const result = await job(web(page.port, ', path: /live'), { options: { server_name: 'camera.test' } }).poll(
      context(),
    )
    expect(lines(result)).toEqual(['reach_up 1', 'reach_http_status 200'])
    expect(page.requests).toEqual([`GET /live camera.test:${page.port}`])
    expect(result.requests).toBe(1)
  })

  test.each([
    [200, 1],
    [204, 1],
    [302, 1],
    [404, 0],
    [500, 0],
  ])('status %i: up %i', async (status, up) => {
    const page = await device({ kind: 'http', behaviour: { status, headers: { location: 'http://127.0.0.1:1/' } } })
    expect(lines(await job(web(page.port)).poll(context()))).toEqual([`reach_up ${up}`, `reach_http_status ${status}`])
    expect(page.requests).toHaveLength(1)
  })

  test('the status codes that are good can be given', async () => {
    const page = await device({ kind: 'http', behaviour: { status: 401 } })
    const result = await job(web(page.port, ', expect: { status: [401] }')).poll(context())
    expect(lines(result)[0]).toBe('reach_up 1')
  })

  test('a text in the page', async () => {
    const page = await device({ kind: 'http', behaviour: { body: '<h1>Camera 7: recording</h1>' } })
    const made = job(web(page.port, ', expect: { body: "Camera [0-9]+: recording" }'))
    expect(lines(await made.poll(context()))[0]).toBe('reach_up 1')
    page.behaviour.body = '<h1>Camera 7: no disk</h1>'
    expect(lines(await made.poll(context()))).toEqual(['reach_up 0', 'reach_http_status 200'])
  })

  test('a page that never ends is read to 64 kB', async () => {
    const page = await device({ kind: 'http', behaviour: { manner: 'drip' } })
    const result = await job(web(page.port, ', expect: { body: "y" }')).poll(context())
    expect(lines(result)).toEqual(['reach_up 0', 'reach_http_status 200'])
  })

  test.each(['hang', 'reset'] as const)('a server that does %s', async (manner) => {
    const page = await device({ kind: 'http', behaviour: { manner } })
    const result = await job(web(page.port), { timeout: 500 }).poll(context())
    expect(lines(result)).toEqual(['reach_up 0', 'reach_http_status not available'])
  })

  test('no descriptor is left over', async () => {
    const page = await device({ kind: 'http', behaviour: { manner: 'hang' } })
    const made = job(web(page.port), { timeout: 100 })
    await made.poll(context())
    const before = readdirSync('/proc/self/fd').length
    for (let i = 0; i < 5; i++) await made.poll(context())
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before)
  })
})

const certificate = (check: string, port: number) => `
- { metric: reach_up, check: ${check}, port: ${port} }
- { metric: reach_certificate_valid, check: ${check}, port: ${port}, value: certificate_valid }
- { metric: reach_certificate_expiry_timestamp_seconds, check: ${check}, port: ${port}, value: certificate_expiry }
- { metric: reach_certificate_left_seconds, check: ${check}, port: ${port}, value: certificate_left }
`

describe('certificates', () => {
  test.each(['tls', 'https'] as const)(
    '%s: one that nobody signed is up, not valid, and its end is known',
    async (kind) => {
      const { port } = await device({ kind, identity })
      const { readings } = await job(certificate(kind, port), { options: { server_name: 'camera.test' } }).poll(
        context(),
      )
      const [up, valid, expiry, left] = readings.map(({ value }) => value)
      expect([up, valid]).toEqual([1, 0])
      expect(left).toBeGreaterThan(29.9 * 86_400)
      expect(left).toBeLessThan(30.1 * 86_400)
      expect(expiry).toBeCloseTo(Date.now() / 1000 + (left ?? 0), -2)
    },
  )

  test('a port without TLS', async () => {
    const { port } = await device({ kind: 'http' })
    expect(lines(await job(certificate('tls', port), { timeout: 500 }).poll(context()))[0]).toBe('reach_up 0')
  })

  test('the certificate is known even when the page is not good', async () => {
    const { port } = await device({ kind: 'https', identity, behaviour: { status: 500 } })
    const { readings } = await job(certificate('https', port)).poll(context())
    expect(readings[0]?.value).toBe(0)
    expect(readings[3]?.value).toBeGreaterThan(0)
  })
})

describe('names', () => {
  const point = '- { metric: reach_up, check: tcp, port: 1 }'

  test('a name without an address is a fault: nothing is known of the device', async () => {
    const names = new Names(() => Promise.reject(new Error('ENOTFOUND')), new ManualClock())
    const result = await job(point, { address: 'camera.test' }, { names }).poll(context())
    expect(lines(result)).toEqual([
      'fault dns (1): no address is found for camera.test; check the name, or write the IP address',
    ])
  })

  test('a resolver that hangs holds no poll past its deadline', async () => {
    const names = new Names(() => new Promise(() => {}), new ManualClock())
    const made = job(point, { address: 'camera.test' }, { names })
    expect((await made.poll(context(50))).faults).toMatchObject([{ kind: 'dns' }])
  })
})

describe('mistakes', () => {
  test.each([
    ['- { metric: m, check: tcp }', {}, 'check: a tcp check needs a port'],
    ['- { metric: m, check: icmp, value: status }', {}, 'value: icmp gives no status'],
    ['- { metric: m, check: icmp, port: 7 }', {}, 'port: icmp has no ports'],
    ['- { metric: m, check: tls, path: /x }', {}, 'path: tls has no path'],
    ['- { metric: m, check: tcp, port: 1, expect: { status: [200] } }', {}, 'expect: tcp gives no page'],
    ['- { metric: m, check: http, expect: { body: "(" } }', {}, 'expect: "(" is not a regular expression'],
    ['- { metric: m, check: http }', { address: '-f' }, 'address@device: "-f" is no address'],
    ['- { metric: m, check: http }', { address: 'local' }, 'address@device: "local" is no address'],
    [
      '- { metric: m, check: icmp }',
      { timeout: 2000 },
      'address@device: 3 echo requests take 3 s, and the poll has 2 s',
    ],
  ])('%s %j', (points, more, problem) => {
    expect(problemsOf(reach, { address: '127.0.0.1', points, ...more }).join()).toContain(problem)
  })
})
