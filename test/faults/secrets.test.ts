import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import { request as ask } from 'node:https'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import bcrypt from 'bcryptjs'
import ssh2 from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { parseRecording } from '../../collectors/snmp/recording.ts'
import { startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { startSshSimulator } from '../../collectors/ssh/simulator.ts'
import { shipped } from '../../src/home.ts'
import { makeCertificate } from '../certificates.ts'
import { freePort, until } from '../peers/process.ts'
import { type Canary, canary, canaryOf, type Evidence, filesIn, formsOf, leaksIn } from './canaries.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-canaries-'))
const at = (...parts: readonly string[]): string => join(folder, ...parts)
const program = shipped('dist', 'siteward.cjs')

const communityInFile = canary('community of a file')
const communityInVariable = canary('community of a variable')
const authentication = canary('authentication of SNMPv3')
const privacy = canary('privacy of SNMPv3')
const hostPassword = canary('password of a host')
const passphrase = canary('passphrase of a key')
const hostKey = makeHostKey()
const bmcPassword = canary('password of a BMC')
const operatorToken = canary("an operator's token")
const readerToken = canary("a reader's token")
const webPassword = canary("a user's password")
const wrongPassword = canary('a wrong password')
const wrongToken = canary('a wrong token')
const listKey = canary('key of a list of devices')
const receiptKey = canary('key of the receipt')
const alertmanagerPassword = canary('password of Alertmanager')
const receiverToken = canary('token of an OTLP receiver')
const ofAnother = canary('of another program, in the environment')
const ofALibrary = canary('in the words of an exception')

const folderOfState = at('state')
const evidence: Evidence[] = []
const canaries: Canary[] = [
  communityInFile,
  communityInVariable,
  authentication,
  privacy,
  hostPassword,
  passphrase,
  hostKey,
  bmcPassword,
  operatorToken,
  readerToken,
  webPassword,
  wrongPassword,
  wrongToken,
  listKey,
  receiptKey,
  alertmanagerPassword,
  receiverToken,
  ofAnother,
  ofALibrary,
]
/** Who has really been shown a secret: without that, that none is found means nothing. */
const shownTo = new Map<string, string>()
const closing: (() => unknown)[] = []
/** What programs that siteward has started knew of it. */
const toolNotes = at('notes')
let port = 0

function makeHostKey(): Canary {
  for (;;) {
    const { private: text } = ssh2.utils.generateKeyPairSync('ed25519', {
      passphrase: passphrase.secret,
      cipher: 'aes256-cbc',
      rounds: 16,
    })
    if (!(ssh2.utils.parseKey(text, passphrase.secret) instanceof Error)) return canaryOf('key of a host', text)
  }
}

/** A file that its owner alone may read. */
function hide(name: string, text: string): string {
  writeFileSync(at(name), text, { mode: 0o600 })
  return `{ file: ${at(name)} }`
}

function listening(server: Server | ReturnType<typeof createServer>): Promise<number> {
  closing.push(() => server.close())
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

/** A server that does nothing with what it is told but say it again: the worst that an error page does. */
async function startEcho(
  status: number,
  heard: (request: IncomingMessage, body: string) => string | undefined,
): Promise<number> {
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (data: Buffer) => parts.push(data))
    request.on('end', () => {
      const sent = Buffer.concat(parts)
      const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString()
      const answer = heard(request, body)
      response.writeHead(answer === undefined ? status : 200)
      response.end(answer ?? `${request.url} ${request.rawHeaders.join(' ')} ${body}`)
    })
  })
  closing.push(() => server.closeAllConnections())
  return listening(server)
}

/** An SNMP agent that answers with what it was sent, and some more. */
async function startUdpEcho(): Promise<number> {
  const socket = createSocket('udp4')
  socket.on('message', (message, from) => socket.send(Buffer.concat([message, message]), from.port, from.address))
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  closing.push(() => socket.close())
  return socket.address().port
}

async function startTcpEcho(): Promise<number> {
  return listening(
    createServer((socket) => {
      socket.on('error', () => {})
      socket.pipe(socket)
    }),
  )
}

async function startAgents() {
  const recording = parseRecording('1.3.6.1.2.1.1.1.0|4|An agent\n1.3.6.1.2.1.1.3.0|67|360000\n', 'agent.snmprec')
  if (!recording.ok) throw new Error('no recording')
  const secrets = (secret: string) => ({ auth: { protocol: 'sha256', secret }, priv: { protocol: 'aes', secret } })
  const right = {
    name: 'siteward',
    auth: { protocol: 'sha256', secret: authentication.secret },
    priv: { protocol: 'aes', secret: privacy.secret },
  }
  const agent = (community: string, users: readonly (typeof right)[]) =>
    startSnmpSimulator({ recording: recording.value, community, users })
  const agents = {
    first: await agent(communityInFile.secret, [right]),
    second: await agent(communityInVariable.secret, []),
    stranger: await agent('another', [{ name: 'siteward', ...secrets('another-secret') }]),
  }
  closing.push(...Object.values(agents).map((one) => () => one.close()))
  return agents
}

/** Hosts that take the password, the key, neither, or never end a command; one address each, since a login is shared. */
async function startHosts() {
  const parsed = ssh2.utils.parseKey(hostKey.secret, passphrase.secret)
  if (parsed instanceof Error) throw parsed
  const key = `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`
  const host = (taken: { readonly password?: string; readonly keys?: readonly string[] }, hangs = false) =>
    startSshSimulator({
      user: 'siteward',
      ...taken,
      command: () => (hangs ? 'hang' : { stdout: '3600.00 7200.00\n' }),
    })
  const hosts = {
    good: await host({ password: hostPassword.secret }),
    byKey: await host({ keys: [key] }),
    closed: await host({ password: 'another' }),
    closedToKeys: await host({ password: 'another' }),
    other: await host({ password: hostPassword.secret }),
    hanging: await host({ password: hostPassword.secret }, true),
  }
  closing.push(...Object.values(hosts).map((one) => () => one.close()))
  return hosts
}

/** An `ipmitool` that notes all that it was given, and then does well, badly or worse by the BMC's port. */
const tool = `#!/bin/sh
previous='' port='' file=''
for word in "$@"; do
  [ "$previous" = -p ] && port=$word
  [ "$previous" = -f ] && file=$word
  previous=$word
done
{ tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$$/environ; } >>${toolNotes}/of-child
stat -c %a "$file" >>${toolNotes}/modes
cmp -s "$file" ${at('bmc-password')} && touch ${toolNotes}/shown
case $port in
  40001) echo 'System Power         : on';;
  40002) echo "RAKP 2 HMAC is invalid: $* $(cat /proc/$$/environ | tr '\\0' ' ')" >&2; exit 1;;
  40003) sleep 30;;
  40004) echo "noise $*"; head -c 2000 /dev/urandom;;
esac
`

const probes: Readonly<Record<string, string>> = {
  'snmp-device': `probe: snmp-device
title: An agent
collector: snmp
proof: register-map
points: [{ metric: device_uptime_seconds, oid: 1.3.6.1.2.1.1.3.0, scale: 0.01 }]
`,
  'ssh-device': `probe: ssh-device
title: A host
collector: ssh
proof: register-map
ssh: { commands: { uptime: { run: cat /proc/uptime, parse: { table: { columns: [up, idle] } }, timeout: 10s } } }
points: [{ metric: device_uptime_seconds, command: uptime, value: up }]
`,
  'bmc-device': `probe: bmc-device
title: A BMC
collector: ipmi
proof: register-map
points: [{ metric: device_chassis_power_state, chassis: power, states: { on: 'on', off: 'off' } }]
`,
}

async function writeSite(): Promise<void> {
  const [agents, hosts] = [await startAgents(), await startHosts()]
  const room = await startModbusSimulator({
    units: new Map([
      [
        1,
        {
          holding: new Map(
            [
              [0, 0],
              [1, 0],
              [240, 350],
              [550, 550],
            ].map(([a = 0, v = 0]) => [a, v]),
          ),
        },
      ],
    ]),
  })
  closing.push(() => room.close())
  const [udpEcho, tcpEcho, nobody] = [await startUdpEcho(), await startTcpEcho(), await freePort()]
  const note = (what: string, secret: Canary) => (request: IncomingMessage) => {
    if (request.url?.includes(encodeURIComponent(secret.secret)) === true) shownTo.set(secret.name, what)
    return undefined
  }
  const lists = await startEcho(500, note('the server of lists', listKey))
  const receipts = await startEcho(500, note('the server of receipts', receiptKey))
  const basic = `Basic ${btoa(`siteward:${alertmanagerPassword.secret}`)}`
  const alertmanager = await startEcho(400, ({ headers, method }, body) => {
    if (headers.authorization === basic) shownTo.set(alertmanagerPassword.name, 'Alertmanager')
    evidence.push({ what: 'what Alertmanager was told', bytes: Buffer.from(body) })
    // It refuses all that it is told; who asks for a drill's alert hears that it is there.
    return method === 'GET' ? '[{"status":{"state":"active"},"receivers":[{"name":"duty"}]}]' : undefined
  })
  const receiver = await startEcho(400, ({ headers }, body) => {
    if (headers.authorization === `Bearer ${receiverToken.secret}`) shownTo.set(receiverToken.name, 'an OTLP receiver')
    evidence.push({ what: 'what an OTLP receiver was told', bytes: Buffer.from(body) })
    return undefined
  })
  for (const credentials of ['file', 'v3'])
    pages.push(`/probe?target=127.0.0.1:${agents.stranger.port}&probe=snmp-device&credentials=${credentials}`)
  const snmp = (name: string, address: number, credentials: string): string =>
    `  - { name: ${name}, address: '127.0.0.1:${address}', probes: [snmp-device], credentials: ${credentials} }`
  const ssh = (name: string, address: number, key: string, credentials: string): string =>
    `  - { name: ${name}, address: '127.0.0.1:${address}', probes: [ssh-device], credentials: ${credentials}, ssh: { host_key: '${key}' } }`
  const bmc = (name: string, address: number): string =>
    `  - { name: ${name}, address: '127.0.0.1:${address}', probes: [bmc-device], credentials: bmc, ipmi: { tool: ipmitool } }`
  const { good, byKey, closed, closedToKeys, other, hanging } = hosts
  const user = 'version: 3, user: siteward'
  mkdirSync(at('systemd'))
  hide('systemd/siteward_privacy', privacy.secret)
  writeFileSync(
    at('site.yaml'),
    `site: canaries
listen: 127.0.0.1:${port}
state_directory: ${folderOfState}
probe_directories: [${at('probes')}]
web_config: ${at('web.yml')}
alertmanagers: [{ url: 'http://127.0.0.1:${alertmanager}', user: siteward, password: ${hide('alertmanager', alertmanagerPassword.secret)} }, 'http://127.0.0.1:${nobody}', 'https://127.0.0.1:${alertmanager}']
otlp: [{ url: 'http://127.0.0.1:${receiver}/v1/metrics', interval: 5s, headers: { Authorization: ${hide('receiver', `Bearer ${receiverToken.secret}`)} } }]
textfile: { path: ${at('siteward.prom')}, interval: 5s }
probing: { targets: [127.0.0.0/8], probes: [snmp-device], credentials: [file, v3] }
resend: 1s
run_out: 1m
drills: { receipt: 'http://127.0.0.1:${receipts}/pages?key=${encodeURIComponent(receiptKey.secret)}' }
defaults: { interval: 10s, timeout: 10s }
operators:
  - { name: desk, token: ${hide('token', `${operatorToken.secret}\n`)} }
  - { name: screen, token: { env: SCREEN_TOKEN }, right: read }
credentials:
  file: { snmp: { version: 2c, community: ${hide('community', communityInFile.secret)} } }
  variable: { snmp: { version: 2c, community: { env: COMMUNITY } } }
  v3: { snmp: { ${user}, auth: { protocol: sha256, secret: ${hide('auth', authentication.secret)} }, priv: { protocol: aes, secret: { credential: privacy } } } }
  host: { ssh: { user: siteward, password: { env: HOST_PASSWORD } } }
  key: { ssh: { user: siteward, key: ${hide('key', hostKey.secret)}, passphrase: ${hide('passphrase', passphrase.secret)} } }
  bmc: { ipmi: { user: siteward, password: ${hide('bmc-password', bmcPassword.secret)} } }
device_sources:
  - { http_sd: 'http://127.0.0.1:${lists}/targets?key=${encodeURIComponent(listKey.secret)}', device: { probes: [snmp-device], credentials: file } }
devices:
  - { name: room, address: '127.0.0.1:${room.port}', probes: [modbus-temperature-humidity], rules: { RoomTemperature: { warning: off, critical: { within: 18..40, for: 0s } } } }
  - { name: web, address: '127.0.0.1:${alertmanager}', probes: [tls] }
${[
  snmp('v2c-file', agents.first.port, 'file'),
  snmp('v2c-variable', agents.second.port, 'variable'),
  snmp('v2c-other', agents.stranger.port, 'file'),
  snmp('v2c-echo', udpEcho, 'file'),
  snmp('v2c-nobody', nobody, 'variable'),
  snmp('v3', agents.first.port, 'v3'),
  snmp('v3-other', agents.stranger.port, 'v3'),
  snmp('v3-echo', udpEcho, 'v3'),
  ssh('host', good.port, good.fingerprint, 'host'),
  ssh('host-by-key', byKey.port, byKey.fingerprint, 'key'),
  ssh('host-closed', closed.port, closed.fingerprint, 'host'),
  ssh('host-closed-key', closedToKeys.port, closedToKeys.fingerprint, 'key'),
  ssh('host-other', other.port, good.fingerprint, 'host'),
  ssh('host-hanging', hanging.port, hanging.fingerprint, 'host'),
  ssh('host-echo', tcpEcho, good.fingerprint, 'host'),
  ssh('host-nobody', nobody, good.fingerprint, 'key'),
  bmc('bmc', 40_001),
  bmc('bmc-closed', 40_002),
  bmc('bmc-hanging', 40_003),
  bmc('bmc-noise', 40_004),
].join('\n')}
`,
    { mode: 0o600 },
  )
}

function writeWeb(): void {
  makeCertificate(folder, 'web', { subject: 'canaries.example' })
  chmodSync(at('web.key'), 0o600)
  const hash = bcrypt.hashSync(webPassword.secret, 5)
  canaries.push(canaryOf("a user's hash", hash), canaryOf('the key of TLS', readFileSync(at('web.key'), 'utf8')))
  writeFileSync(
    at('web.yml'),
    `tls_server_config: { cert_file: web.pem, key_file: web.key }\nbasic_auth_users: { alice: '${hash}' }\n`,
    { mode: 0o600 },
  )
}

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${at('bin')}:${process.env['PATH']}`,
  XDG_RUNTIME_DIR: at('runtime'),
  CREDENTIALS_DIRECTORY: at('systemd'),
  COMMUNITY: communityInVariable.secret,
  HOST_PASSWORD: hostPassword.secret,
  SCREEN_TOKEN: readerToken.secret,
  DATABASE_PASSWORD: ofAnother.secret,
})

/** The daemon as it is installed, on a channel by which it can be made to throw. */
class Daemon {
  readonly #child: ChildProcess
  readonly ended: Promise<number | string>
  readonly #output: Buffer[] = []

  constructor() {
    const command = [program, 'run', '--config', at('site.yaml'), '--log-level', 'debug']
    this.#child = spawn(process.execPath, ['--require', at('throwing.cjs'), ...command], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (data) => this.#output.push(data))
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(code ?? signal ?? 'gone'))
    })
  }

  get output(): string {
    return Buffer.concat(this.#output).toString()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  throwWith(words: string): void {
    this.#child.send(words)
  }
}

interface Answer {
  readonly status: number
  readonly text: string
}

function answerTo(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', method, path, headers, rejectUnauthorized: false, agent: false }
    const sent = ask(options, (response) => {
      let text = JSON.stringify(response.headers)
      response.on('data', (data) => {
        text += data
      })
      response.on('end', () => {
        evidence.push({ what: `${method} ${path}`, bytes: Buffer.from(text) })
        resolve({ status: response.statusCode ?? 0, text })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const asUser = (password: string) => ({ authorization: `Basic ${btoa(`alice:${password}`)}` })
const asOperator = (token: string) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' })

const pages = [
  '/',
  '/wall',
  '/page/page.js',
  '/metrics',
  '/metrics/device/v3-other',
  '/metrics/device/host-closed',
  '/sd/prometheus',
  '/-/healthy',
  '/-/ready',
  '/api/v1/alarms',
  '/api/v1/quiet',
  '/api/v1/duties',
  '/api/v1/ledger',
  '/api/v1/drills/proposed',
  '/api/v1/history?metric=siteward_device_up',
  '/api/v1/status',
  '/api/v1/status/caller',
  '/api/v1/status/devices/v3-other',
  '/api/v1/status/devices/bmc-closed',
]

function isDaemon(pid: string): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(program)
}

/** Children of the daemon, by what the system shows of them to anybody who may look. */
function lookAtChildren(pid: number): void {
  for (const child of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${child}/stat`, 'latin1'))?.[1]
      // Until it has become another program, a child is a copy of the daemon, its own environment included.
      if (Number(parent) !== pid || isDaemon(child)) continue
      for (const part of ['cmdline', 'environ'])
        evidence.push({ what: `/proc/PID/${part} of a child`, bytes: readFileSync(`/proc/${child}/${part}`) })
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function useBadly(): Promise<void> {
  for (const password of [wrongPassword.secret, webPassword.secret]) await answerTo('GET', '/metrics', asUser(password))
  for (const token of [wrongToken.secret, readerToken.secret]) {
    await answerTo('POST', '/api/v1/drills', asOperator(token), '{}')
    await answerTo('GET', '/metrics', asOperator(token))
  }
  await answerTo('POST', '/api/v1/drills', asOperator(operatorToken.secret), '{"device":')
  // No TLS where TLS is spoken, with a password in it.
  const plain = connect(port, '127.0.0.1')
  plain.on('error', () => {})
  plain.on('data', (data) => evidence.push({ what: 'an answer without TLS', bytes: data }))
  plain.end(`GET /metrics HTTP/1.1\r\nauthorization: Bearer ${operatorToken.secret}\r\n\r\n`)
}

async function drill(daemon: Daemon): Promise<void> {
  const order = JSON.stringify({ device: 'room', aim: 'room_temperature_celsius=45 °C', for: '1m' })
  // Not before the room was read for the first time.
  const isBegun = async (): Promise<boolean> =>
    (await answerTo('POST', '/api/v1/drills', asOperator(operatorToken.secret), order)).status === 202
  await until(isBegun, 150, () => daemon.output)
  await answerTo('POST', '/api/v1/quiet', asOperator(operatorToken.secret), '{"device":"ups","for":"1m"}')
}

async function command(...args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env: environment(), timeout: 60_000 }, (error, out, err) => {
      evidence.push({ what: `siteward ${args.join(' ')}`, bytes: Buffer.from(out + err) })
      resolve(error === null ? 0 : Number(error.code ?? 1))
    })
  })
}

/** Once with a secret that others may read, by the signal and by HTTP, and once as it should be. */
async function reload(daemon: Daemon): Promise<void> {
  chmodSync(at('community'), 0o644)
  daemon.signal('SIGHUP')
  await until(
    () => daemon.output.includes('open to others (mode 0644)'),
    150,
    () => daemon.output,
  )
  expect((await answerTo('POST', '/-/reload', asOperator(operatorToken.secret))).status).not.toBe(200)
  chmodSync(at('community'), 0o600)
  const { status, text } = await answerTo('POST', '/-/reload', asOperator(operatorToken.secret))
  expect(status, text).toBe(200)
}

/** Starts it anew after the crash, and stops it as a service manager does. */
async function stopInOrder(): Promise<void> {
  const runtime = at('runtime')
  rmSync(runtime, { recursive: true })
  mkdirSync(runtime, { mode: 0o700 })
  const daemon = new Daemon()
  await until(
    () => filesIn(runtime).length > 0,
    150,
    () => daemon.output,
  )
  daemon.signal('SIGTERM')
  expect(await daemon.ended).toBe(0)
  evidence.push({ what: 'the log after the crash', bytes: Buffer.from(daemon.output) })
}

beforeAll(async () => {
  port = await freePort()
  for (const name of ['bin', 'probes', 'runtime', 'notes']) mkdirSync(at(name), { mode: 0o700 })
  writeFileSync(at('bin', 'ipmitool'), tool, { mode: 0o755 })
  for (const [name, text] of Object.entries(probes)) writeFileSync(at('probes', `${name}.yaml`), text)
  writeFileSync(
    at('throwing.cjs'),
    // Threads of the daemon load it as well, and have no channel.
    'process.on("message", (words) => setImmediate(() => { throw new Error(words) })); process.channel?.unref()\n',
  )
  writeWeb()
  await writeSite()
  const daemon = new Daemon()
  const watching = setInterval(() => lookAtChildren(daemon.pid), 20)
  const isUp = async (): Promise<boolean> => (await answerTo('GET', '/-/healthy')).status === 200
  await until(isUp, 150, () => daemon.output)
  evidence.push({ what: 'its own argv', bytes: readFileSync(`/proc/${daemon.pid}/cmdline`) })
  await drill(daemon)
  await useBadly()
  const kinds = ['auth', 'hostkey', 'refused', 'timeout', 'protocol']
  const missing = (): readonly string[] => kinds.filter((kind) => !daemon.output.includes(`"fault":"${kind}"`))
  await until(
    () => missing().length === 0,
    150,
    () => `no fault ${missing().join(', ')}\n${daemon.output}`,
  )
  for (const page of pages)
    expect([200, 503], page).toContain((await answerTo('GET', page, asUser(webPassword.secret))).status)
  await until(
    () => shownTo.has(receiptKey.name) && shownTo.has(receiverToken.name),
    150,
    () => daemon.output,
  )
  await reload(daemon)
  clearInterval(watching)
  daemon.throwWith(`cannot use ${ofALibrary.secret}:\n${ofALibrary.secret}\n    at ${ofALibrary.secret} (x.js:1:1)`)
  const ended = await daemon.ended
  evidence.push(
    { what: 'log and crash output', bytes: Buffer.from(daemon.output) },
    { what: 'exit', bytes: Buffer.from(String(ended)) },
  )
  for (const device of ['v2c-echo', 'v3-other', 'host-closed-key', 'bmc-closed'])
    await command('poll', device, '--config', at('site.yaml'))
  await command('check', '--config', at('site.yaml'))
  await stopInOrder()
  evidence.push(...filesIn(folderOfState).filter(({ what }) => !what.endsWith('operator-token')))
  evidence.push(...filesIn(toolNotes), { what: 'the textfile', bytes: readFileSync(at('siteward.prom')) })
}, 600_000)

afterAll(async () => {
  for (const close of closing) await close()
  rmSync(folder, { recursive: true, force: true })
})

describe('secrets', () => {
  test('were shown to those that they are for', () => {
    const metrics = evidence.filter(({ what }) => what === 'GET /metrics').map(({ bytes }) => bytes.toString())
    const up = (device: string): boolean =>
      metrics.some((text) => new RegExp(`siteward_device_up\\{[^}]*device="${device}"[^}]*\\} 1`).test(text))
    expect(['v2c-file', 'v2c-variable', 'v3', 'host', 'host-by-key', 'bmc'].filter((device) => !up(device))).toEqual([])
    expect(readFileSync(join(toolNotes, 'modes'), 'utf8')).toMatch(/^(600\n)+$/)
    expect(readdirSync(toolNotes)).toContain('shown')
    const asked = [alertmanagerPassword, listKey, receiptKey, receiverToken]
    expect([...shownTo.keys()].sort()).toEqual(asked.map(({ name }) => name).sort())
  })

  test('and what was looked through is all that comes out of siteward', () => {
    const kinds = [
      'what Alertmanager was told',
      'what an OTLP receiver was told',
      'the textfile',
      'POST /-/reload',
      'log and crash output',
      '/proc/PID/environ of a child',
      'its own argv',
      join(folderOfState, 'alarms.db'),
      'GET /api/v1/status',
      'POST /api/v1/drills',
    ]
    expect(kinds.filter((kind) => !evidence.some(({ what, bytes }) => what === kind && bytes.length > 0))).toEqual([])
    const crash = evidence.find(({ what }) => what === 'log and crash output')?.bytes.toString() ?? ''
    expect(crash).toContain('siteward run: bug: Error')
    expect(crash).toContain('"audit":"POST /api/v1/drills","who":"desk"')
    expect(crash).toContain('operation denied')
  })

  test('none of them is anywhere, in any form', () => {
    expect(canaries.length).toBeGreaterThan(15)
    expect([...new Set(leaksIn(evidence, canaries))]).toEqual([])
  })

  test('one that is planted is found, in each form and wherever it begins', () => {
    for (const { name, secret, core } of canaries) {
      const forms = [
        secret,
        JSON.stringify({ secret }),
        encodeURIComponent(secret),
        Buffer.from(secret).toString('hex'),
      ]
      for (const before of ['', 'x', 'xy']) forms.push(Buffer.from(`${before}${secret}:y`).toString('base64'))
      for (const text of forms) {
        const planted = { what: 'a planted one', bytes: Buffer.from(`said ${text} so`) }
        expect(leaksIn([planted], [{ name, secret, core }]), text).not.toEqual([])
      }
    }
    expect(Object.keys(formsOf('x'))).toEqual(['plain', 'URL-encoded', 'base64', 'hexadecimal'])
  })

  test('no password file is left behind by one that was stopped', () => {
    expect(filesIn(at('runtime')).map(({ what }) => what)).toEqual([])
  })
})

describe('a secret that others may read is refused, with its place', () => {
  test.each([
    ['community', 'site.yaml'],
    ['key', 'site.yaml'],
    ['bmc-password', 'site.yaml'],
    ['token', 'site.yaml'],
    ['alertmanager', 'site.yaml'],
    ['receiver', 'site.yaml'],
    ['systemd/siteward_privacy', 'site.yaml'],
    ['web.key', 'web.yml'],
  ])('%s', async (file, where) => {
    chmodSync(at(file), 0o644)
    expect(await command('check', '--config', at('site.yaml'))).toBe(1)
    chmodSync(at(file), 0o600)
    const said = evidence.at(-1)?.bytes.toString() ?? ''
    expect(said).toMatch(new RegExp(`${where.replace('.', '\\.')}:\\d+:\\d+: .*open to others \\(mode 0644\\)`))
  })
})
