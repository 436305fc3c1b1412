import type { Milliseconds } from './clock.ts'
import type { Secret } from './secret.ts'

/** Where readings are sent by OTLP over HTTP. */
export interface OtlpTarget {
  readonly url: URL
  readonly interval: Milliseconds
  readonly headers: Readonly<Record<string, Secret>>
}

/** Where the page of /metrics is written for the textfile collector of node_exporter. */
export interface Textfile {
  readonly path: string
  readonly interval: Milliseconds
}
