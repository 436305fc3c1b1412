import type { Collector } from './collector.ts'

/** Every protocol that siteward speaks, by the name that a probe's `collector:` key uses: one line a protocol. */
export const collectors = {} as const satisfies Record<string, Collector>
