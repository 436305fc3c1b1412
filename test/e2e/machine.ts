import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Started, start, until } from '../peers/process.ts'

const call = promisify(execFile)

/** Whether this process may make a machine: root, with the right to mount and to make namespaces. */
export function mayMakeMachines(): boolean {
  try {
    execFileSync('unshare', ['--mount', '--pid', '--net', '--fork', 'true'], { stdio: 'ignore' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
}

/**
 * A machine with this one's software and a systemd of its own, without a network: what is installed and started in it
 * leaves no trace on this one.
 */
export class Machine {
  #folder = ''
  #nspawn: Started | undefined

  /** Of this machine's root, seen through a layer in memory that takes all that is written. */
  get root(): string {
    return join(this.#folder, 'root')
  }

  /** Starts systemd; resolves when it has. */
  async boot(): Promise<void> {
    this.mount()
    // Nothing of what is installed on this machine starts: only what a test starts.
    writeFileSync(
      join(this.root, 'etc/systemd/system/trial.target'),
      '[Unit]\nRequires=basic.target\nAfter=basic.target\n',
    )
    // Images of machines that build things forbid services to start.
    rmSync(join(this.root, 'usr/sbin/policy-rc.d'), { force: true })
    writeFileSync(join(this.root, 'etc/machine-id'), `${randomBytes(16).toString('hex')}\n`)
    const options = [
      '--private-network',
      '--link-journal=no',
      '--register=no',
      '--keep-unit',
      '--console=pipe',
      '--boot',
    ]
    this.#nspawn = start('systemd-nspawn', ['-q', '-D', this.root, ...options, 'systemd.unit=trial.target'])
    const said = (): string => this.#nspawn?.output() ?? ''
    await until(async () => /running|degraded/.test((await this.tell('systemctl', 'is-system-running')).out), 120, said)
  }

  mount(): void {
    this.#folder = mkdtempSync(join(tmpdir(), 'siteward-machine-'))
    for (const name of ['layer', 'root']) mkdirSync(join(this.#folder, name))
    const layer = join(this.#folder, 'layer')
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', layer])
    for (const name of ['upper', 'work']) mkdirSync(join(layer, name))
    const layers = `lowerdir=/,upperdir=${layer}/upper,workdir=${layer}/work`
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, this.root])
  }

  /** The machine's first process, as this machine knows it; another one while it is being set up. */
  get #leader(): string {
    const pid = this.#nspawn?.child.pid
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0] ?? ''
  }

  /** Runs a command in the machine; never rejects. */
  async tell(...command: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }
    try {
      const { stdout, stderr } = await call('nsenter', ['-t', this.#leader, '-a', ...command], {
        env,
        timeout: 120_000,
      })
      return { code: 0, out: stdout + stderr }
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { code, out: `${stdout}${stderr}` }
    }
  }

  async halt(): Promise<void> {
    await this.#nspawn?.stop('SIGKILL')
    for (const name of ['root', 'layer']) execFileSync('umount', ['--lazy', join(this.#folder, name)])
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
