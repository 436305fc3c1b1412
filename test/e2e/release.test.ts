import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'
import { version } from '../../src/version.ts'
import { describeUnless, describeWith } from '../peers/peer.ts'
import { start, until } from '../peers/process.ts'
import { Machine, mayMakeMachines } from './machine.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-packages-'))
const release = join(folder, 'release')
const patient = 300_000

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Tests in a machine of its own: this user must be allowed to make one, and its tools must be there. */
function describeMachine(name: string, body: () => void): void {
  if (mayMakeMachines()) describeWith(['systemd-nspawn', 'nsenter'], name, body)
  else describeUnless('this user may make no machines: root with mount and process namespaces is needed', name, body)
}

describeWith(['dpkg-deb', 'npm', 'tar'], 'a release', () => {
  const tarball = join(release, `siteward-${version}.tgz`)
  const deb = (): string => join(release, readdirSync(release).find((name) => name.endsWith('.deb')) ?? 'none')

  beforeAll(() => {
    run(process.execPath, '--import', 'tsx', shipped('packaging', 'release.ts'), '--quick', '--output', release)
  }, patient)

  test('is a package for npm and one for Debian, with licenses, a bill of materials, and the sums of all', () => {
    const sums = readFileSync(join(release, 'SHA256SUMS'), 'utf8').trim().split('\n')
    expect(sums.map((line) => line.split('  ')[1])).toEqual(
      readdirSync(release)
        .filter((name) => name !== 'SHA256SUMS')
        .sort(),
    )
    for (const line of sums) {
      const [sum, name = ''] = line.split('  ')
      expect(
        createHash('sha256')
          .update(readFileSync(join(release, name)))
          .digest('hex'),
      ).toBe(sum)
    }
    expect(sums).toHaveLength(4)
    const bill = JSON.parse(readFileSync(join(release, 'sbom.json'), 'utf8'))
    const manifest = JSON.parse(readFileSync(shipped('package.json'), 'utf8'))
    const shippedOnes = bill.components.map(({ purl }: { purl: string }) => decodeURIComponent(purl))
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { version } } })
    const licenses = readFileSync(join(release, 'LICENSES'), 'utf8')
    for (const [name, pinned] of Object.entries(manifest.dependencies)) {
      expect(shippedOnes).toContain(`pkg:npm/${name}@${pinned}`)
      expect(licenses).toContain(`\n${name} ${pinned}: `)
    }
    expect(shippedOnes.join()).not.toContain('vitest')
    expect(shippedOnes).toContain(`pkg:generic/node@${process.versions.node}`)
  })

  test(
    'installs by npm into an empty folder, without scripts, and runs',
    async () => {
      const empty = join(folder, 'empty')
      mkdirSync(empty)
      writeFileSync(join(empty, 'package.json'), '{}')
      const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
      run('npm', 'install', '--prefix', empty, ...quiet, tarball)
      const siteward = join(empty, 'node_modules', '.bin', 'siteward')
      expect(run(siteward, '--version')).toBe(`siteward ${version}\n`)
      writeFileSync(
        join(empty, 'site.yaml'),
        'site: x\nlisten: 127.0.0.1:0\ndevices: [{ name: a, address: 127.0.0.1:1, probes: [modbus-temperature-humidity] }]\n',
      )
      expect(run(siteward, 'check', '--config', join(empty, 'site.yaml'))).toContain('no problem found')
      const daemon = start(siteward, ['run', '--config', join(empty, 'site.yaml')])
      await until(
        () => daemon.output().includes('siteward watches'),
        60,
        () => daemon.output(),
      )
      expect(await daemon.stop()).toBe(0)
    },
    patient,
  )

  test('the Debian package says what it is and holds what it needs', () => {
    const field = (name: string): string => run('dpkg-deb', '--field', deb(), name).trim()
    expect([field('Package'), field('Version')]).toEqual(['siteward', version])
    expect(field('Depends')).not.toContain('nodejs')
    const unpacked = join(folder, 'unpacked')
    run('dpkg-deb', '--raw-extract', deb(), unpacked)
    expect(readFileSync(join(unpacked, 'DEBIAN/conffiles'), 'utf8')).toContain('/etc/siteward/site.yaml')
    const home = join(unpacked, 'usr/lib/siteward')
    expect(run(join(home, 'bin/node'), join(home, 'dist/siteward.cjs'), '--version')).toBe(`siteward ${version}\n`)
    expect(run('bash', '-n', join(unpacked, 'usr/share/bash-completion/completions/siteward'))).toBe('')
  })

  describeMachine('installed in a machine of its own', () => {
    const machine = new Machine()
    const node = '/usr/lib/siteward/bin/node'
    const state = async (): Promise<Record<string, string>> => {
      const { out } = await machine.tell('systemctl', 'show', 'siteward', '-p', 'ActiveState,NRestarts,MainPID,Result')
      return Object.fromEntries(
        out
          .trim()
          .split('\n')
          .map((line) => line.split('=')),
      )
    }
    const journal = async (): Promise<string> =>
      (await machine.tell('journalctl', '-u', 'siteward', '-o', 'cat', '-n', '60')).out
    const page = async (path: string, port = 9879): Promise<string> => {
      const ask = `fetch('http://127.0.0.1:${port}${path}').then(async (r) => console.log(r.status, await r.text()))`
      return (await machine.tell(node, '-e', ask)).out
    }
    const eventually = async (what: () => Promise<boolean>): Promise<void> => {
      let last = ''
      await until(
        async () => {
          last = await journal()
          return what()
        },
        100,
        () => last,
      )
    }
    const configure = (text: string): void => writeFileSync(join(machine.root, 'etc/siteward/site.yaml'), text)

    beforeAll(async () => {
      await machine.boot()
      cpSync(deb(), join(machine.root, 'siteward.deb'))
      // It brings what it needs.
      await machine.tell('mv', '/usr/bin/node', '/usr/bin/node.away')
    }, patient)

    afterAll(() => machine.halt(), patient)

    test(
      'in one step: the service runs at once, as its own user',
      async () => {
        expect(await machine.tell('dpkg', '-i', '/siteward.deb')).toMatchObject({ code: 0 })
        await eventually(async () => (await page('/-/ready')).startsWith('200'))
        expect((await machine.tell('systemctl', 'is-enabled', 'siteward')).out).toBe('enabled\n')
        const { MainPID } = await state()
        expect((await machine.tell('stat', '-c', '%U', `/proc/${MainPID}`)).out).toBe('siteward\n')
        expect((await machine.tell('systemctl', 'status', 'siteward')).out).toContain('"watches 0 devices of my-room"')
      },
      patient,
    )

    test(
      'credentials are handed on; devices are polled and pinged inside the fences; commands find it',
      async () => {
        const recording = '/usr/lib/siteward/config/demo/ups.snmprec'
        const simulate = ['siteward', 'simulate', recording, '--port', '1161', '--community', 'quiet-word']
        await machine.tell('systemd-run', '--unit', 'agent', ...simulate)
        await machine.tell('sh', '-c', 'umask 077; printf quiet-word >/etc/siteward/credentials/community')
        configure(`site: my-room
listen: 127.0.0.1:9879
state_directory: /var/lib/siteward
defaults: { interval: 5s, timeout: 5s }
credentials: { network: { snmp: { version: 2c, community: { credential: community } } } }
devices:
  - { name: ups, address: '127.0.0.1:1161', probes: [ups-mib], credentials: network }
  - { name: near, address: 127.0.0.1, probes: [ping] }
`)
        expect((await machine.tell('siteward', 'check', '--config', '/etc/siteward/site.yaml')).out).toContain(
          'no problem',
        )
        await machine.tell('systemctl', 'restart', 'siteward')
        await eventually(async () => {
          const metrics = await page('/metrics')
          return ['ups', 'near'].every((device) =>
            new RegExp(`siteward_device_up{.*device="${device}".*} 1\\n`).test(metrics),
          )
        })
        expect((await machine.tell('siteward', 'alarms', '--config', '/etc/siteward/site.yaml')).code).toBe(0)
        expect(await journal()).not.toContain('quiet-word')
      },
      patient,
    )

    test(
      'systemctl reload has the site read again, in the same process; a wrong one is told in the journal',
      async () => {
        const { MainPID } = await state()
        const site = readFileSync(join(machine.root, 'etc/siteward/site.yaml'), 'utf8')
        const status = async (): Promise<string> => (await machine.tell('systemctl', 'status', 'siteward')).out
        configure(site.replace('probes: [ping]', 'probs: [ping]'))
        expect(await machine.tell('systemctl', 'reload', 'siteward')).toMatchObject({ code: 0 })
        await eventually(async () => /site\.yaml:\d+:\d+: unknown key/.test(await journal()))
        await eventually(async () => (await status()).includes('"watches 2 devices of my-room"'))
        configure(`${site}  - { name: again, address: 127.0.0.1, probes: [ping] }\n`)
        expect(await machine.tell('systemctl', 'reload', 'siteward')).toMatchObject({ code: 0 })
        await eventually(async () => (await status()).includes('"watches 3 devices of my-room"'))
        await eventually(async () => (await page('/metrics')).includes('device="again"'))
        expect(await state()).toMatchObject({ ActiveState: 'active', NRestarts: '0', MainPID })
      },
      patient,
    )

    test(
      'one that stands still is killed and started anew; one that polls is not',
      async () => {
        const drop = '/etc/systemd/system/siteward.service.d'
        await machine.tell('mkdir', '-p', drop)
        writeFileSync(join(machine.root, drop, 'watchdog.conf'), '[Service]\nWatchdogSec=12s\nRestartSec=1s\n')
        await machine.tell('systemctl', 'daemon-reload')
        await machine.tell('systemctl', 'restart', 'siteward')
        await machine.tell('sleep', '20')
        expect(await state()).toMatchObject({ ActiveState: 'active', NRestarts: '0' })
        const { MainPID = '' } = await state()
        await machine.tell('kill', '-STOP', MainPID)
        await eventually(async () => Number((await state())['NRestarts']) > 0)
        expect(await journal()).toMatch(/Watchdog timeout/)
        await eventually(async () => (await page('/-/ready')).startsWith('200'))
      },
      patient,
    )

    test(
      'installed anew over itself it keeps the site file, and runs on',
      async () => {
        expect(await machine.tell('dpkg', '-i', '/siteward.deb')).toMatchObject({ code: 0 })
        await eventually(async () => (await page('/metrics')).includes('device="ups"'))
      },
      patient,
    )

    test(
      'it stops by itself, within ten seconds and well',
      async () => {
        const before = performance.now()
        await machine.tell('systemctl', 'stop', 'siteward')
        expect(performance.now() - before).toBeLessThan(10_000)
        expect(await state()).toMatchObject({ ActiveState: 'inactive', Result: 'success' })
      },
      patient,
    )

    test(
      'two shards run side by side, each with its own folder',
      async () => {
        await machine.tell('sed', '-i', 's/^SITEWARD_SHARDS=.*/SITEWARD_SHARDS=2/', '/etc/default/siteward')
        await machine.tell('sed', '-i', '/^state_directory/d', '/etc/siteward/site.yaml')
        expect(await machine.tell('systemctl', 'start', 'siteward@1', 'siteward@2')).toMatchObject({ code: 0 })
        for (const port of [9881, 9882]) expect(await page('/-/healthy', port)).toMatch(/^200/)
        expect((await machine.tell('ls', '/var/lib/siteward/1', '/var/lib/siteward/2')).out).toMatch(
          /alarms\.db[\s\S]*alarms\.db/,
        )
        await machine.tell('systemctl', 'stop', 'siteward@1', 'siteward@2')
      },
      patient,
    )

    test(
      'removed it leaves its state and configuration, purged nothing',
      async () => {
        expect(await machine.tell('dpkg', '-r', 'siteward')).toMatchObject({ code: 0 })
        expect((await machine.tell('ls', '/var/lib/siteward/alarms.db', '/etc/siteward/site.yaml')).code).toBe(0)
        expect(await machine.tell('dpkg', '-P', 'siteward')).toMatchObject({ code: 0 })
        expect((await machine.tell('ls', '/var/lib/siteward')).code).not.toBe(0)
        expect((await machine.tell('ls', '/etc/siteward')).code).not.toBe(0)
        expect((await machine.tell('id', 'siteward')).code).not.toBe(0)
      },
      patient,
    )
  })
})
