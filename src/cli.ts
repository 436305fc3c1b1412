import type { Command, Io, Listed } from './commands/command.ts'
import { UsageError } from './commands/command.ts'
import { takeEnvironment } from './environment.ts'
import { systemClock } from './model/clock.ts'

const commands: readonly Listed[] = [
  { name: 'run', summary: 'watch a site: the daemon', load: async () => (await import('./commands/run.ts')).run },
  {
    name: 'init',
    summary: 'write a site file, asking for what it needs',
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'check',
    summary: 'check a site file without contacting anything',
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'poll',
    summary: 'poll one device once and print its readings',
    load: async () => (await import('./commands/poll.ts')).poll,
  },
  {
    name: 'plan',
    summary: 'show what a changed site file would change, before it does',
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  {
    name: 'reload',
    summary: 'have the running siteward read its site again',
    load: async () => (await import('./commands/reload.ts')).reload,
  },
  {
    name: 'alarms',
    summary: 'list the alarms that fire and have fired',
    load: async () => (await import('./commands/alarms.ts')).alarms,
  },
  {
    name: 'ack',
    summary: 'write down that somebody has taken an alarm',
    load: async () => (await import('./commands/ack.ts')).ack,
  },
  {
    name: 'duty',
    summary: 'list recurring work, and write down that it was done',
    load: async () => (await import('./commands/duty.ts')).duty,
  },
  {
    name: 'report',
    summary: 'write the inspection report of a week, month, quarter or year',
    load: async () => (await import('./commands/report.ts')).report,
  },
  {
    name: 'coverage',
    summary: 'show what of the duty plan nobody watches',
    load: async () => (await import('./commands/coverage.ts')).coverage,
  },
  {
    name: 'ledger',
    summary: 'list the equipment: what the ledger says, and what the devices tell',
    load: async () => (await import('./commands/ledger.ts')).ledger,
  },
  {
    name: 'drill',
    summary: 'prove the path from a reading to the page',
    load: async () => (await import('./commands/drill.ts')).drill,
  },
  {
    name: 'probe',
    summary: 'try a probe on a recording: what matches, what does not and why',
    load: async () => (await import('./commands/probe.ts')).probe,
  },
  {
    name: 'identify',
    summary: 'ask a device or a recording what it is, and propose its probes',
    load: async () => (await import('./commands/identify.ts')).identify,
  },
  {
    name: 'discover',
    summary: 'sweep declared ranges for devices, and propose entries',
    load: async () => (await import('./commands/discover.ts')).discover,
  },
  {
    name: 'record',
    summary: "record a device's answers, without names and secrets",
    load: async () => (await import('./commands/record.ts')).record,
  },
  {
    name: 'explain',
    summary: 'one reading, from the bytes on the wire to the verdict',
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  {
    name: 'depends',
    summary: 'propose depends_on by what neighbours tell (LLDP)',
    load: async () => (await import('./commands/depends.ts')).depends,
  },
  {
    name: 'quiet',
    summary: 'list, add and end quiet times',
    load: async () => (await import('./commands/quiet.ts')).quiet,
  },
  {
    name: 'simulate',
    summary: 'serve recordings as devices',
    load: async () => (await import('./commands/simulate.ts')).simulate,
  },
  {
    name: 'demo',
    summary: 'a simulated machine room, watched',
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  {
    name: 'backtest',
    summary: 'judge the readings of the past by new rules',
    load: async () => (await import('./commands/backtest.ts')).backtest,
  },
  {
    name: 'dashboards',
    summary: 'write Grafana dashboards of a site',
    load: async () => (await import('./commands/dashboards.ts')).dashboards,
  },
  {
    name: 'rules',
    summary: 'print the alarm definitions for Prometheus',
    load: async () => (await import('./commands/rules.ts')).rules,
  },
  {
    name: 'docs',
    summary: 'check the probes that ship, and the documents that are made of them',
    load: async () => (await import('./commands/docs.ts')).docsOf(commands),
  },
  {
    name: 'schema',
    summary: 'print the JSON schemas of the YAML files',
    load: async () => (await import('./commands/schema.ts')).schema,
  },
  {
    name: 'completion',
    summary: 'complete commands and options in bash and zsh',
    load: async () => (await import('./commands/completion.ts')).completionOf(commands),
  },
]

const usage = `Usage: siteward COMMAND [OPTION...]

Watches a machine room: polls its devices, judges the readings, exposes them to Prometheus and alerts through
Alertmanager.

${commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

siteward COMMAND --help tells more of a command; siteward --version prints the version.
`

const stopSignals = ['SIGINT', 'SIGTERM'] as const
/** Milliseconds within which a second signal is taken for the first one, told twice. */
const sameKeystroke = 500

const io: Io = {
  out: process.stdout,
  err: process.stderr,
  env: takeEnvironment(process.env, process.platform),
  clock: systemClock,
  onHangup: (listener) => void process.on('SIGHUP', listener),
  untilStopped: () =>
    new Promise((resolve) => {
      let asked: number | undefined
      const stop = (signal: NodeJS.Signals): void => {
        const now = systemClock.now().mono
        asked ??= now
        resolve()
        // A second signal ends the process at once, as it would have without siteward listening; but one that comes right
        // behind the first is the same Ctrl-C, which npm hands on to those who have it from the terminal already.
        if (now - asked > sameKeystroke) {
          for (const one of stopSignals) process.off(one, stop)
          process.kill(process.pid, signal)
        }
      }
      for (const signal of stopSignals) process.on(signal, stop)
    }),
}

/** What was typed -> the exit status. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version' || name === '-v') {
    const { version } = await import('./version.ts')
    io.out.write(`siteward ${version}\n`)
    return 0
  }
  if (name === undefined || name === '--help' || name === '-h') {
    const output = name === undefined ? io.err : io.out
    output.write(usage)
    return name === undefined ? 2 : 0
  }
  const listed = commands.find((one) => one.name === name)
  if (listed === undefined) {
    const { nearest } = await import('./config/misspelt.ts')
    const near = nearest(
      name,
      commands.map((one) => one.name),
    )
    return wrong(`no command ${name}${near === undefined ? '' : ` (did you mean ${near}?)`}`, 'siteward')
  }
  return call(await listed.load(), args)
}

async function call(command: Command, args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.out.write(command.usage)
    return 0
  }
  try {
    return await command.run(args, io)
  } catch (error) {
    if (error instanceof UsageError) return wrong(error.message, `siteward ${command.name}`)
    if (isParseError(error)) return wrong(error.message, `siteward ${command.name}`)
    throw error
  }
}

function wrong(message: string, command: string): number {
  io.err.write(`${command}: ${message}\nTry ${command} --help.\n`)
  return 2
}

/** What node:util's parseArgs throws for options that a command does not know. */
function isParseError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

// The reader has gone (`siteward poll ... | head`): nothing is left to say.
process.stdout.on('error', (error: Error & { code?: string }) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
})

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status
})
