import { parseArgs } from 'node:util'
import type { DrillReport } from '../drill/report.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { DaemonError, daemonOptions, daemonUsage, findDaemon, goodBody, type RunningDaemon } from './operate.ts'

const usage = `Usage: siteward drill DEVICE READING=VALUE [--for 2m] --config FILE
       siteward drill --all --config FILE

Puts a value in the place of one that a device sends, in the running siteward, and follows it: polled, decoded, converted,
judged, written down, told to Alertmanager and routed to its receivers, and out at the far end where the site file names a
receipt. Each step is printed with its time; then the value is withdrawn. Every series, log line, alert and page of it is marked
drill="true"; what the device really reads goes on being judged beside it. One drill at a time.

  --for TIME         how long the value is held at most; by default as long as the alarm waits, and two minutes
  --all              one drill for each alarm of the site, one after the other
${daemonUsage}
A reading with labels is written as in Prometheus: 'ups_load_ratio{phase="2"}=95%'. Ctrl-C withdraws the drill.

Exit status: 0 when every page would have gone out, 1 when one would not, 2 for a wrong command line.
`

const options = {
  ...daemonOptions,
  for: { type: 'string' },
  all: { type: 'boolean', default: false },
} as const

const lookEvery = 1000

interface Wanted {
  readonly device: string
  readonly aim: string
  readonly for: string | undefined
}

/** Whether somebody has pressed Ctrl-C. */
interface Stop {
  readonly isAsked: boolean
}

/** `siteward drill`. */
export const drill: Command = {
  name: 'drill',
  summary: 'prove the path from a reading to the page',
  usage,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [device, aim, more] = positionals
    const isTyped = values.all ? device === undefined : device !== undefined && aim !== undefined && more === undefined
    if (!isTyped) throw new UsageError('DEVICE READING=VALUE is needed, or --all')
    const daemon = await findDaemon(values, io)
    if (daemon === undefined) return 1
    const stop = { isAsked: false }
    void io.untilStopped().then(() => {
      stop.isAsked = true
    })
    try {
      if (values.all) return await drillAll(daemon, values.for, stop, io)
      return (await drillOne({ device: device ?? '', aim: aim ?? '', for: values.for }, daemon, stop, io)) ? 0 : 1
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error
      io.err.write(`siteward drill: ${error.message}\n`)
      return 1
    }
  },
}

/** Begins a drill and tells each of its steps as it comes; whether the page would have gone out. */
async function drillOne(
  { device, aim, for: hold }: Wanted,
  daemon: RunningDaemon,
  stop: Stop,
  io: Io,
): Promise<boolean> {
  const order = { device, aim, ...(hold === undefined ? {} : { for: hold }) }
  let report = goodBody(await daemon.call('POST', '/api/v1/drills', order)) as DrillReport
  const path = `/api/v1/drills/${report.id}`
  let told = 0
  for (;;) {
    for (const { at, text } of report.steps.slice(told)) io.out.write(`${timeText(at - report.startedAt)}  ${text}\n`)
    told = report.steps.length
    if (report.state !== 'running') break
    await new Promise<void>((resolve) => io.clock.after(lookEvery, resolve))
    report = goodBody(await daemon.call(stop.isAsked ? 'DELETE' : 'GET', path)) as DrillReport
  }
  io.out.write(`${report.state.toUpperCase()}  ${device} ${aim}: ${report.verdict}\n`)
  if (stop.isAsked) throw new DaemonError('stopped by hand')
  return report.state === 'passed'
}

/** Seconds since the beginning, as people read them. */
function timeText(length: number): string {
  return `+${(length / 1000).toFixed(1)} s`.padStart(9)
}

async function drillAll(daemon: RunningDaemon, hold: string | undefined, stop: Stop, io: Io): Promise<number> {
  const { proposals } = goodBody(await daemon.call('GET', '/api/v1/drills/proposed')) as Proposals
  let failed = 0
  for (const { alarm, severity, device, aim } of proposals) {
    if (aim === null) continue
    io.out.write(`${alarm} (${severity}): ${device} ${aim}\n`)
    if (!(await drillOne({ device, aim, for: hold }, daemon, stop, io))) failed++
  }
  const left = proposals.filter(({ aim }) => aim === null)
  const run = proposals.length - left.length
  for (const { alarm, severity } of left) io.out.write(`NOT DRILLED  ${alarm} (${severity}): ${notDrilled}\n`)
  io.out.write(`${run - failed} of ${run} pages would go out; ${left.length} alarms were not drilled\n`)
  return failed === 0 ? 0 : 1
}

const notDrilled = 'no device has given its reading, or no single value breaks the rule'

interface Proposals {
  readonly proposals: readonly {
    readonly alarm: string
    readonly severity: string
    readonly device: string
    readonly aim: string | null
  }[]
}
