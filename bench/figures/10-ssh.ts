import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { peer } from '../../test/peers/peer.ts'
import { freePort, start, until } from '../../test/peers/process.ts'
import type { Figure, Measured } from '../figure.ts'
import { cpuOf, startProgram } from '../program.ts'
import { commands, type HostPolled, type HostPolls } from '../programs/ssh-poll.ts'
import { compare } from '../rounds.ts'

const polls = 20
const most = 0.01

export const figure: Figure = {
  id: 10,
  figure: 'SSH: client CPU of a poll of ten commands, against ten runs of ssh(1)',
  goal: '<= 1/100 (0.01)',
  run: measure,
}

async function measure(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-bench-'))
  const port = await freePort()
  const { username } = userInfo()
  const file = (name: string): string => join(folder, name)
  for (const name of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)])
  writeFileSync(file('sshd_config'), sshdConfiguration(port, folder))
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(file('host.pub'), 'utf8')}`)
  mkdirSync('/run/sshd', { recursive: true })
  const sshd = start(peer('sshd') ?? 'sshd', ['-D', '-e', '-f', file('sshd_config')])
  const options = [
    '-F',
    'none',
    '-i',
    file('user'),
    '-p',
    String(port),
    '-o',
    `UserKnownHostsFile=${file('known_hosts')}`,
  ]
  const run = (command: string): Promise<number | null> =>
    new Promise((resolve) => {
      spawn('ssh', [...options, `${username}@127.0.0.1`, command], { stdio: 'ignore' }).once('close', resolve)
    })
  try {
    await until(
      async () => (await run('true')) === 0,
      20,
      () => sshd.output(),
    )
    const fingerprint = execFileSync('ssh-keygen', ['-lf', file('host.pub')], { encoding: 'utf8' }).split(' ')[1] ?? ''
    const own = [String(port), username, file('user'), fingerprint]
    const siteward = await startProgram<HostPolls, HostPolled>('ssh-poll', own)
    await siteward.ask({ polls })
    const measured = await compare(
      {
        ours: async () => (await siteward.ask({ polls })).ms,
        theirs: async () => {
          const before = cpuOfChildren()
          for (const command of commands) await run(command)
          return cpuOfChildren() - before
        },
      },
      most,
      'ms a poll',
    )
    await siteward.stop()
    return measured
  } finally {
    await sshd.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

/** CPU of all children that have ended, as far as this process goes: what ssh(1) used. */
function cpuOfChildren(): number {
  const { user, system } = process.cpuUsage()
  return cpuOf(process.pid) - (user + system) / 1000
}

function sshdConfiguration(port: number, folder: string): string {
  return `Port ${port}
ListenAddress 127.0.0.1
HostKey ${join(folder, 'host')}
AuthorizedKeysFile ${join(folder, 'user.pub')}
StrictModes no
UsePAM no
PasswordAuthentication no
PidFile none
`
}
