import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ModbusSimulator, startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { type SnmpSimulator, startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { markOf, scriptOf } from '../../collectors/ssh/script.ts'
import { type SshSimulator, startSshSimulator } from '../../collectors/ssh/simulator.ts'
import { until } from '../peers/process.ts'
import { portOf } from './doors.ts'
import { House, type Page } from './house.ts'

/** What a device says that hopes to be run, or to be put into the next question. */
const bait = '$(reboot); `reboot`; reboot #\' " -o=reboot | reboot && reboot'
const commands = ['cat /proc/uptime', "printf '%s\\n' well"]
const folder = mkdtempSync(join(tmpdir(), 'siteward-read-only-'))
const asked = join(folder, 'asked')

/** An `ipmitool` that notes its arguments and prints bait in every place. */
const tool = `#!/bin/sh
echo "$*" >> ${asked}
case "$*" in
  *sdr*) printf 'Sensor ID              : %s (0x1)\\n Sensor Type (Threshold)  : Temperature (0x01)\\n Sensor Reading        : 24 (+/- 1) degrees C\\n Status                : ok\\n' '${bait.replaceAll("'", '')}' ;;
  *) echo 'System Power         : on' ;;
esac
`

const users = [
  { name: 'open' },
  { name: 'signed', auth: { protocol: 'sha256', secret: 'canary-auth' } },
  {
    name: 'secret',
    auth: { protocol: 'sha256', secret: 'canary-auth' },
    priv: { protocol: 'aes', secret: 'canary-priv' },
  },
]

const secrets = {
  auth: 'auth: { protocol: sha256, secret: canary-auth }',
  priv: 'priv: { protocol: aes, secret: canary-priv }',
}
const credentials = `credentials:
  v1: { snmp: { version: '1', community: public } }
  v2c: { snmp: { version: 2c, community: public } }
  v3-open: { snmp: { version: '3', user: open } }
  v3-signed: { snmp: { version: '3', user: signed, ${secrets.auth} } }
  v3-secret: { snmp: { version: '3', user: secret, ${secrets.auth}, ${secrets.priv} } }
  host: { ssh: { user: siteward, password: canary-of-the-host } }
  bmc: { ipmi: { user: siteward, password: canary-of-the-bmc } }`
const snmpCredentials = ['v1', 'v2c', 'v3-open', 'v3-signed', 'v3-secret']

const probes = {
  'probes/fault-switch.yaml': `probe: fault-switch
title: Scalars and a table
collector: snmp
proof: register-map
points:
  - { metric: device_uptime_seconds, oid: 1.3.6.1.2.1.1.3.0, scale: 0.01 }
  - { metric: interface_speed_bytes_per_second, column: 1.3.6.1.2.1.2.2.1.5, labels: { interface: { column: 1.3.6.1.2.1.2.2.1.2 } } }
`,
  'probes/fault-registers.yaml': `probe: fault-registers
title: All four tables
collector: modbus
proof: register-map
points:
  - { metric: room_temperature_celsius, register: 0, type: int16, scale: 0.1 }
  - { metric: room_humidity_ratio, input_register: 0, scale: 0.001 }
  - { metric: ups_output_frequency_hertz, coil: 0 }
  - { metric: device_cpu_load_ratio, discrete_input: 0 }
`,
  'probes/fault-host.yaml': `probe: fault-host
title: Two commands
collector: ssh
proof: register-map
ssh:
  commands:
    uptime: { run: '${commands[0]}', parse: { table: { columns: [up, idle] } } }
    words: { run: ${JSON.stringify(commands[1])}, parse: text }
points:
  - { metric: device_uptime_seconds, command: uptime, value: up }
  - { metric: device_info, command: words, labels: { description: value } }
`,
  'probes/fault-bmc.yaml': `probe: fault-bmc
title: Sensors and power
collector: ipmi
proof: register-map
points:
  - { metric: device_temperature_celsius, sensor: { type: Temperature }, labels: { component: sensor } }
  - { metric: device_chassis_power_state, chassis: power, states: { on: 'on', off: 'off' } }
`,
  'probes/fault-page.yaml': `probe: fault-page
title: A page and a port
collector: reach
proof: register-map
points:
  - { metric: reach_up, check: http, path: /status, labels: { check: name } }
  - { metric: reach_up, check: tcp, labels: { check: name } }
`,
}

let house: House
let agent: SnmpSimulator
let host: SshSimulator
let page: HttpServer
let port: Server
let last: Page
const modbus: Record<string, ModbusSimulator> = {}
const requests: string[] = []
const bytes: Buffer[] = []

const devices = [...snmpCredentials, 'tcp', 'rtu', 'host', 'bmc', 'page']

beforeAll(async () => {
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'ipmitool'), tool)
  chmodSync(join(folder, 'bin', 'ipmitool'), 0o755)
  const hex = Buffer.from(bait).toString('hex')
  const recording = parseRecording(
    `1.3.6.1.2.1.1.3.0|67|360000\n1.3.6.1.2.1.2.2.1.2.1|4x|${hex}\n1.3.6.1.2.1.2.2.1.5.1|66|1000\n`,
    'bait.snmprec',
  )
  if (!recording.ok) throw new Error('no recording')
  agent = await startSnmpSimulator({ recording: recording.value, users })
  const words = new Map([[0, 1]])
  const units = new Map([
    [1, { holding: new Map([[0, 240]]), input: new Map([[0, 550]]), coil: words, discrete: words }],
  ])
  modbus['tcp'] = await startModbusSimulator({ units })
  modbus['rtu'] = await startModbusSimulator({ units, rtuOverTcp: true })
  host = await startSshSimulator({
    user: 'siteward',
    password: 'canary-of-the-host',
    command: (run) => ({ stdout: run === commands[0] ? '3600.00 7200.00\n' : `${bait}\n` }),
  })
  page = createHttpServer((request, response) => {
    request.on('data', (data: Buffer) => bytes.push(data))
    requests.push(`${request.method} ${request.url}`)
    response.end(bait)
  })
  port = createServer((socket) => {
    socket.on('data', (data) => bytes.push(data))
    socket.on('error', () => {})
  })
  for (const server of [page, port]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const entries = [
    ...snmpCredentials.map(
      (name) => `{ name: ${name}, address: '127.0.0.1:${agent.port}', probes: [fault-switch], credentials: ${name} }`,
    ),
    `{ name: tcp, address: '127.0.0.1:${modbus['tcp'].port}', probes: [fault-registers] }`,
    `{ name: rtu, address: '127.0.0.1:${modbus['rtu'].port}', probes: [fault-registers], modbus: { transport: rtu_over_tcp } }`,
    `{ name: host, address: '127.0.0.1:${host.port}', probes: [fault-host], credentials: host, ssh: { host_key: '${host.fingerprint}' } }`,
    "{ name: bmc, address: '127.0.0.1:40001', probes: [fault-bmc], credentials: bmc, ipmi: { tool: ipmitool } }",
    `{ name: page, address: 127.0.0.1, probes: [fault-page], reach: { ports: { http: ${portOf(page)}, tcp: ${portOf(port)} } } }`,
  ]
  house = await House.build({
    site: `defaults: { interval: 1s, timeout: 1s }\n${credentials}\ndevices:\n${entries.map((entry) => `  - ${entry}`).join('\n')}\n`,
    files: probes,
    env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
  })
  await house.start()
  const isWell = (device: string): boolean => last.value('siteward_device_up', { device }) === 1
  const begun = performance.now()
  await until(
    async () => {
      last = await house.page()
      // Long enough for each of them to be asked several times, and to have its answers put into the next question.
      return devices.every(isWell) && performance.now() - begun > 5000
    },
    90,
    () => `${devices.filter((device) => !isWell(device)).join()}\n${house.output}`,
  )
})

afterAll(async () => {
  await house.remove()
  await Promise.all([agent, host, ...Object.values(modbus)].map((simulator) => simulator.close()))
  for (const server of [page, port]) server.close()
  page.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

describe('what goes out over each protocol is reading, and nothing else', () => {
  test('every device was read', () => {
    for (const device of devices) expect([device, last.value('siteward_device_up', { device })]).toEqual([device, 1])
    expect(last.all('interface_speed_bytes_per_second')).toHaveLength(snmpCredentials.length)
  })

  test('SNMP v1, v2c and v3, open, signed and encrypted: GET, GETNEXT and GETBULK (RFC 3416: a0, a1, a5)', () => {
    expect([...agent.requests.keys()].filter((type) => ![0xa0, 0xa1, 0xa5].includes(type))).toEqual([])
    expect(agent.requests.get(0xa0)).toBeGreaterThan(snmpCredentials.length)
  })

  test.each(['tcp', 'rtu'])('Modbus %s: function codes 1 to 4', (name) => {
    expect(modbus[name]?.requests()).toBeGreaterThan(8)
    expect(modbus[name]?.refused()).toBe(0)
  })

  test('reach: a GET of the declared path without a body, and a connection over which nothing is said', () => {
    expect(requests.length).toBeGreaterThan(2)
    expect(new Set(requests)).toEqual(new Set(['GET /status']))
    expect(Buffer.concat(bytes)).toHaveLength(0)
  })

  test('SSH: the script of the declared commands, to the letter, whatever the host has said before', () => {
    const steps = commands.map((run) => ({ run, most: 0 }))
    expect(host.requested.length).toBeGreaterThan(2)
    for (const script of host.requested) {
      const mark = markOf(script) ?? ''
      // What had to be ended before comes last.
      expect([scriptOf(steps, mark), scriptOf([...steps].reverse(), mark)]).toContain(script)
    }
  })

  test('IPMI: the same command lines again and again, of those that read', () => {
    const lines = readFileSync(asked, 'utf8').trim().split('\n')
    expect(lines.length).toBeGreaterThan(4)
    const without = new Set(lines.map((line) => line.replace(/-f \S+/, '-f FILE')))
    expect([...without].sort()).toEqual([
      expect.stringMatching(/^-v -I lanplus -H 127\.0\.0\.1 -p 40001 -U siteward -f FILE -L USER .* chassis status$/),
      expect.stringMatching(/^-v -I lanplus -H 127\.0\.0\.1 -p 40001 -U siteward -f FILE -L USER .* sdr elist$/),
    ])
    expect(lines.join()).not.toContain('reboot')
  })
})
