import type { Collector, Job, Message, Played, PollContext, Step } from '../../collectors/collector.ts'
import { type Converted, convert } from '../model/conversion.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import type { Witnessed } from '../model/harvest.ts'
import type { Point, Probe } from '../model/probe.ts'
import type { PollResult } from '../model/reading.ts'
import type { Result } from '../model/result.ts'
import type { SeriesScope } from '../model/series.ts'

/** What became of one point of a probe in one poll. */
export interface PointOutcome {
  readonly point: Point
  /** Each value that came for it, and what it was converted to. */
  readonly values: readonly (Witnessed & { readonly converted: Converted })[]
}

/** One poll that was listened to, from the wire to the readings. */
export interface WatchedPoll {
  readonly result: PollResult
  /** Every point of the probe, in its order. */
  readonly outcomes: readonly PointOutcome[]
  /** From the wire to a point's value, or to why it has none. */
  explain(point: Point, value: Witnessed | undefined): Promise<readonly Step[]>
}

/** Polls once and listens; rejects only for a bug. */
export async function watchPoll(
  collector: Collector,
  use: ProbeUse,
  device: Device,
  series: SeriesScope,
  context: PollContext,
): Promise<Result<WatchedPoll>> {
  const messages: Message[] = []
  const seen: Witnessed[] = []
  const job = collector.prepare(use, device, series, (message) =>
    // The library may use its buffer again.
    messages.push({ ...message, bytes: Uint8Array.from(message.bytes) }),
  )
  if (!job.ok) return job
  try {
    const result = await job.value.poll({ ...context, witness: (value) => seen.push(value) })
    return {
      ok: true,
      value: { result, outcomes: outcomesOf(use.probe, seen), explain: explainer(job.value, messages) },
    }
  } finally {
    await job.value.close()
  }
}

function explainer(job: Job, messages: readonly Message[]): WatchedPoll['explain'] {
  return async (point, value) => (await job.explain?.(point, value, messages)) ?? []
}

/** A point that stands for a row of like values was read as several, all of the same place. */
function outcomesOf(probe: Probe, seen: readonly Witnessed[]): readonly PointOutcome[] {
  return probe.points.map((point) => {
    const values = seen.filter((value) => value.point.place === point.place)
    return {
      point,
      values: values.map((value) => {
        const { raw, factor, point: own } = value
        return { ...value, converted: convert(raw, own.conversion, own.metric, factor) }
      }),
    }
  })
}

/** A recording at play as a device with one probe. */
export function playedDevice(played: Played, probe: Probe, name = 'recording'): Device {
  const { place } = probe
  return {
    name,
    address: played.address,
    labels: {},
    probes: [],
    options: {},
    credentials: { [probe.collector]: played.credential },
    dependsOn: [],
    derived: probe.derived,
    rules: probe.rules,
    place,
    at: () => place,
  }
}
