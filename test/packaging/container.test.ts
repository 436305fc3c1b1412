import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ModbusSimulator, startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { home, shipped } from '../../src/home.ts'
import { mayMakeMachines } from '../e2e/machine.ts'
import { describeUnless, describeWith } from '../peers/peer.ts'
import { freePort, type Started, start, until } from '../peers/process.ts'

const dockerfile = readFileSync(shipped('Dockerfile'), 'utf8').replaceAll('\\\n', ' ')
const lines = dockerfile.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
/** What is in the image that is run: the last stage. */
const image = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
const told = (word: string): readonly string[] =>
  image.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))

test('the image runs as a user of its own, and needs one folder to write to', () => {
  expect(told('USER')).toEqual(['node'])
  expect(image.findIndex((line) => line.startsWith('USER '))).toBeLessThan(
    image.findIndex((line) => line.startsWith('ENTRYPOINT ')),
  )
  // What runs later as root would undo it.
  expect(image.slice(image.findIndex((line) => line.startsWith('USER '))).join('\n')).not.toMatch(/^RUN /m)
  expect(told('VOLUME')).toEqual(['/state'])
  expect(told('ENV').join(' ')).toContain('STATE_DIRECTORY=/state')
  expect(told('HEALTHCHECK').join(' ')).toContain('/-/healthy')
})

test('what is installed in the image is of the lock file, runs no script, and brings no tool for development', () => {
  const installs = lines.filter((line) => /npm (ci|install|i) /.test(line))
  expect(installs).toHaveLength(1)
  expect(installs[0]).toMatch(/npm ci --ignore-scripts/)
  expect(dockerfile).toContain('npm prune --omit=dev --ignore-scripts')
  expect(dockerfile).not.toMatch(/^(ADD|ARG) |curl|wget/m)
})

/** A user that owns nothing here. */
const nobody = 65_534

function describeJail(name: string, body: () => void): void {
  if (mayMakeMachines()) describeWith(['setpriv', 'unshare', 'chroot'], name, body)
  else describeUnless('this user may make no read-only root: root with mount namespaces is needed', name, body)
}

describeJail('on a read-only root, as a user without rights', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-jail-'))
  const root = join(folder, 'root')
  let room: ModbusSimulator
  let daemon: Started
  let port = 0

  /** This machine read-only, siteward's own folder at /srv, and at /mnt the one that can be written to. */
  const script = (state: string): string => `set -e
mount --bind / ${root}
mount -o remount,bind,ro ${root}
mount --bind ${home} ${root}/srv
mount -o remount,bind,ro ${root}/srv
mount -t tmpfs -o mode=1777 tmpfs ${root}/tmp
mount --bind ${state} ${root}/mnt
exec chroot ${root} setpriv --reuid ${nobody} --regid ${nobody} --clear-groups --no-new-privs --bounding-set=-all \
  --inh-caps=-all env -i PATH=/usr/bin:/bin STATE_DIRECTORY=/mnt/state NODE_ENV=production \
  sh -c 'touch /srv/x /usr/x /var/x 2>/dev/null && echo written; exec ${process.execPath} /srv/dist/siteward.cjs run --config /mnt/site.yaml'
`

  /** The daemon itself, behind the shells that have jailed it. */
  const status = (): string => {
    const pid = daemon.child.pid ?? 0
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  }

  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()

  beforeAll(async () => {
    mkdirSync(root)
    const state = join(folder, 'state')
    mkdirSync(join(state, 'state'), { recursive: true })
    room = await startModbusSimulator({
      units: new Map([[1, { holding: new Map([240, 550].map((word, at) => [at, word])) }]]),
    })
    port = await freePort()
    writeFileSync(
      join(state, 'site.yaml'),
      `site: jail
listen: 127.0.0.1:${port}
defaults: { interval: 1s, timeout: 1s }
devices: [{ name: room, address: '127.0.0.1:${room.port}', probes: [modbus-temperature-humidity] }]
`,
    )
    for (const name of ['.', 'state', 'site.yaml']) chownSync(join(state, name), nobody, nobody)
    chmodSync(join(state, 'site.yaml'), 0o600)
    daemon = start('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script(state)])
    await until(
      async () => /siteward_device_up\{.*device="room".*\} 1/.test(await metrics()),
      90,
      () => daemon.output(),
    )
  }, 120_000)

  afterAll(async () => {
    await daemon.stop()
    await room.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('it polls and keeps its record', async () => {
    const isKept = async (): Promise<boolean> => /siteward_record_up\{.*\} 1/.test(await metrics())
    await until(isKept, 20, () => daemon.output())
    expect(readdirSync(join(folder, 'state', 'state'))).toContain('alarms.db')
  })

  test('it has no right, and can write nowhere else', () => {
    expect(status()).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m)
    expect(status()).toMatch(/^CapEff:\s+0+$/m)
    expect(status()).toMatch(/^NoNewPrivs:\s+1$/m)
    expect(daemon.output()).not.toContain('written')
  })
})
