import protobuf from 'protobufjs'

/** What is sent of OTLP, as opentelemetry-proto defines it (v1.3): metrics/v1/metrics.proto, common/v1/common.proto. */
const definition = `
syntax = "proto3";
package otlp;
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
message Metric {
  string name = 1;
  string description = 2;
  string unit = 3;
  oneof data { Gauge gauge = 5; Sum sum = 7; }
}
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; uint32 aggregation_temporality = 2; bool is_monotonic = 3; }
message NumberDataPoint {
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
  repeated KeyValue attributes = 7;
  uint32 flags = 8;
}
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { string string_value = 1; }
`

const type = protobuf.parse(definition, { keepCase: false }).root.lookupType('otlp.Request')

/** One point as a receiver has it. */
export interface Point {
  readonly name: string
  readonly kind: 'gauge' | 'sum'
  readonly labels: Readonly<Record<string, string>>
  /** Undefined where the flag says that there is none. */
  readonly value: number | undefined
  readonly nanoseconds: string
}

interface Pair {
  readonly key: string
  readonly value: { readonly stringValue: string }
}

/** What another implementation of protocol buffers makes of a request. */
export function decode(body: Uint8Array): {
  readonly resource: Readonly<Record<string, string>>
  readonly scope: unknown
  readonly metrics: readonly { readonly name: string; readonly description: string; readonly sum?: unknown }[]
  readonly points: readonly Point[]
} {
  const request = type.toObject(type.decode(body), { longs: String })
  const { resource, scopeMetrics } = request['resourceMetrics'][0]
  const { scope, metrics } = scopeMetrics[0]
  const points = metrics.flatMap((metric: Record<string, unknown>) => {
    const kind = metric['sum'] === undefined ? 'gauge' : 'sum'
    const { dataPoints } = metric[kind] as { dataPoints: Record<string, unknown>[] }
    return dataPoints.map((point) => ({
      ...{ name: metric['name'], kind, labels: labelsOf(point['attributes'] as Pair[]) },
      value: point['flags'] === 1 ? undefined : point['asDouble'],
      nanoseconds: point['timeUnixNano'],
    }))
  })
  return { resource: labelsOf(resource.attributes), scope, metrics, points }
}

function labelsOf(pairs: readonly Pair[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value.stringValue]))
}
