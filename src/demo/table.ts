import type { Daemon } from '../daemon.ts'
import { phase } from '../judge/cell.ts'
import { summary } from '../judge/text.ts'
import { isFiring } from '../model/alarm.ts'
import { elapsed, type Moment } from '../model/clock.ts'
import { formatDuration } from '../model/duration.ts'
import { describeReading } from '../model/harvest.ts'
import type { Reading } from '../model/reading.ts'
import type { Watch } from '../watch/watch.ts'

/** The live table: devices with their last poll and some readings, then the alarms. Plain text, `width` at most. */
export function table(daemon: Daemon, now: Moment, width: number): string {
  const rows = daemon.watches.map((watch) => rowOf(watch))
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const alarms = [...alarmLines(daemon, now)]
  return [...lines, '', ...(alarms.length === 0 ? ['no alarms'] : alarms)]
    .map((line) => line.slice(0, width))
    .join('\n')
}

function rowOf({ parts, polled }: Watch): readonly string[] {
  const { device, use } = parts
  if (polled === undefined) return [device.name, use.probe.name, '-', '', '']
  const { count, first, faults, duration } = polled
  const [fault] = faults
  const state = count > 0 ? 'up' : 'down'
  const told = fault === undefined ? first.map(short).join('  ') : `${fault.kind}: ${fault.detail}`
  return [device.name, use.probe.name, state, `${Math.round(duration)} ms`, told]
}

function short(reading: Reading): string {
  const { site: _site, device: _device, ...own } = reading.series.labels
  const labels = Object.values(own).join(',')
  return `${reading.series.metric.text.en}${labels === '' ? '' : ` ${labels}`} ${describeReading(reading)}`
}

function* alarmLines(daemon: Daemon, now: Moment): Iterable<string> {
  for (const cell of daemon.judge.cells()) {
    const state = phase(cell.alarm)
    if (state === 'inactive') continue
    const known = cell.alarm.state === 'unknown' ? cell.alarm.was : cell.alarm
    const since =
      known.state === 'inactive' ? '' : formatDuration(Math.floor(elapsed(known.activeAt, now) / 1000) * 1000)
    const mark = isFiring(cell.alarm) ? 'FIRING ' : 'pending'
    const text = (['en', 'zh'] as const)
      .map((language) => summary(cell, daemon.judge.bounds(cell), { language, timeZone: () => 'UTC', now: now.wall }))
      .join(' / ')
    yield `${mark}  ${cell.rule.severity}  ${cell.rule.alarm} on ${cell.device.name} for ${since}: ${text}`
  }
}
