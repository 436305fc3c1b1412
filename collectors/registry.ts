import type { Collector } from './collector.ts'
import { host } from './host/collector.ts'
import { ipmi } from './ipmi/collector.ts'
import { modbus } from './modbus/collector.ts'
import { reach } from './reach/collector.ts'
import { snmp } from './snmp/collector.ts'
import { ssh } from './ssh/collector.ts'

/** Every protocol that siteward speaks, by the name that a probe's `collector:` key uses: one line a protocol. */
export const collectors = {
  host,
  ipmi,
  modbus,
  reach,
  snmp,
  ssh,
} as const satisfies Record<string, Collector>
