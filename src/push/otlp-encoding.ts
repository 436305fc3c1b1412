import type { Milliseconds } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import { ProtoWriter } from './protobuf.ts'

/** Who sends: the attributes of the resource, which Prometheus makes `job` and `instance` of. */
export interface Sender {
  readonly version: string
  readonly instance: string
}

/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const cumulative = 2
/** DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK: of a series that is no more; Prometheus writes a staleness marker for it. */
const noRecordedValue = 1
const nanosecondsOfMillisecond = 1_000_000n

/**
 * Gathers readings into one ExportMetricsServiceRequest of OTLP in protocol buffers. Names go out as they are on /metrics, and
 * without a unit: they hold it already, and Prometheus' receiver would put another behind. Field numbers and enums:
 * https://github.com/open-telemetry/opentelemetry-proto, metrics/v1/metrics.proto.
 */
export class OtlpRequest {
  readonly #sender: Sender
  readonly #metrics = new ProtoWriter()
  readonly #points = new ProtoWriter()
  readonly #point = new ProtoWriter()
  readonly #pair = new ProtoWriter()
  readonly #value = new ProtoWriter()
  #metric: Metric | undefined
  #count = 0

  constructor(sender: Sender) {
    this.#sender = sender
  }

  /** How many points it has. */
  get count(): number {
    return this.#count
  }

  /** Takes a value of a series, read at `at` (wall clock); undefined for one that has none any more. */
  add(metric: Metric, labels: Labels, value: number | undefined, at: Milliseconds): void {
    if (this.#metric !== metric) this.#endMetric()
    this.#metric = metric
    if (metric.kind !== 'state') {
      this.#addPoint(Object.entries(labels), value, at)
      return
    }
    for (const [index, state] of metric.states.entries()) {
      const one = value === undefined ? undefined : Number(index === value)
      this.#addPoint([...Object.entries(labels), ['state', state]], one, at)
    }
  }

  /** The whole request. */
  finish(): Uint8Array {
    this.#endMetric()
    const { version, instance } = this.#sender
    const resource = new ProtoWriter()
    for (const pair of [
      ['service.name', 'siteward'],
      ['service.instance.id', instance],
    ] as const)
      resource.message(1, this.#pairOf(pair))
    const scope = new ProtoWriter().string(1, 'siteward').string(2, version)
    // The metrics are the fields of ScopeMetrics behind the scope, one after the other.
    const scopeMetrics = Buffer.concat([new ProtoWriter().message(1, scope.bytes).bytes, this.#metrics.bytes])
    const resourceMetrics = new ProtoWriter().message(1, resource.bytes).message(2, scopeMetrics)
    return Buffer.from(new ProtoWriter().message(1, resourceMetrics.bytes).bytes)
  }

  #addPoint(attributes: readonly (readonly [string, string])[], value: number | undefined, at: Milliseconds): void {
    const point = this.#point.clear().fixed64(3, BigInt(Math.round(at)) * nanosecondsOfMillisecond)
    if (value !== undefined) point.double(4, value)
    for (const pair of attributes) point.message(7, this.#pairOf(pair))
    if (value === undefined) point.uint32(8, noRecordedValue)
    this.#points.message(1, point.bytes)
    this.#count++
  }

  #pairOf([key, value]: readonly [string, string]): Uint8Array {
    return this.#pair.clear().string(1, key).message(2, this.#value.clear().string(1, value).bytes).bytes
  }

  #endMetric(): void {
    const metric = this.#metric
    if (metric === undefined) return
    const isSum = metric.kind === 'counter'
    if (isSum) this.#points.uint32(2, cumulative).uint32(3, 1)
    const written = new ProtoWriter().string(1, metric.name).string(2, metric.text.en)
    this.#metrics.message(2, written.message(isSum ? 7 : 5, this.#points.bytes).bytes)
    this.#points.clear()
    this.#metric = undefined
  }
}
