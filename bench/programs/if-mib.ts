import type { SnmpSpec } from '../../collectors/snmp/schema.ts'
import type { NumberMetric } from '../../src/model/metric.ts'
import type { Point } from '../../src/model/probe.ts'
import { makePoint } from '../../test/samples.ts'

/** IF-MIB's columns as both sides of the benchmark read them (RFC 2863): ifTable 1-22 and ifXTable 1-19, 41 in all. */
export interface Column {
  readonly name: string
  readonly oid: string
  /** `text` columns are read as labels or left out, and give no series. */
  readonly kind: 'gauge' | 'counter' | 'text'
}

const entry = '1.3.6.1.2.1.2.2.1'
const extended = '1.3.6.1.2.1.31.1.1.1'

function columns(prefix: string, listed: string): readonly Column[] {
  return listed
    .trim()
    .split(/\s+/)
    .map((item, i) => {
      const [name = '', tag = '2'] = item.split(':')
      const isText = tag === '4' || tag === '4x' || tag === '6'
      const kind = isText ? 'text' : tag === '65' || tag === '70' ? 'counter' : 'gauge'
      return { name, oid: `${prefix}.${i + 1}`, kind }
    })
}

export const interfaceColumns: readonly Column[] = [
  ...columns(
    entry,
    `ifIndex:2 ifDescr:4 ifType:2 ifMtu:2 ifSpeed:66 ifPhysAddress:4x ifAdminStatus:2 ifOperStatus:2 ifLastChange:67
     ifInOctets:65 ifInUcastPkts:65 ifInNUcastPkts:65 ifInDiscards:65 ifInErrors:65 ifInUnknownProtos:65
     ifOutOctets:65 ifOutUcastPkts:65 ifOutNUcastPkts:65 ifOutDiscards:65 ifOutErrors:65 ifOutQLen:66 ifSpecific:6`,
  ),
  ...columns(
    extended,
    `ifName:4 ifInMulticastPkts:65 ifInBroadcastPkts:65 ifOutMulticastPkts:65 ifOutBroadcastPkts:65 ifHCInOctets:70
     ifHCInUcastPkts:70 ifHCInMulticastPkts:70 ifHCInBroadcastPkts:70 ifHCOutOctets:70 ifHCOutUcastPkts:70
     ifHCOutMulticastPkts:70 ifHCOutBroadcastPkts:70 ifLinkUpDownTrapEnable:2 ifHighSpeed:66 ifPromiscuousMode:2
     ifConnectorPresent:2 ifAlias:4 ifCounterDiscontinuityTime:67`,
  ),
]

/** The columns that give series: 36. */
export const numberColumns = interfaceColumns.filter(({ kind }) => kind !== 'text')

/** A metric that takes any number. */
export function metric(name: string, kind: 'gauge' | 'counter'): NumberMetric {
  return { name, kind, unit: 'none', labels: [], text: { en: name, zh: name }, range: { low: 0, high: 2 ** 64 } }
}

/** The labels that prometheus-snmp-exporter's own if_mib module looks up, and the index. */
function labels(): NonNullable<SnmpSpec['labels']> {
  const column = (name: string): string => interfaceColumns.find((one) => one.name === name)?.oid ?? ''
  return {
    ifIndex: 'index',
    ifName: { column: column('ifName') },
    ifDescr: { column: column('ifDescr') },
    ifAlias: { column: column('ifAlias') },
  }
}

/** A point for each column that gives series. */
export const interfacePoints: readonly Point<SnmpSpec>[] = numberColumns.map(({ name, oid, kind }) =>
  makePoint({ column: oid, labels: labels() }, { metric: metric(name, kind === 'text' ? 'gauge' : kind) }),
)

/** prometheus-snmp-exporter's configuration for the same columns, with the lookups of its own if_mib module. */
export function exporterConfiguration(): string {
  const lookups = ['ifAlias', 'ifDescr', 'ifName'].map((name) => {
    const oid = interfaceColumns.find((column) => column.name === name)?.oid ?? ''
    return `    - labels: [ifIndex]\n      labelname: ${name}\n      oid: ${oid}\n      type: DisplayString`
  })
  const metrics = numberColumns.map(
    ({ name, oid, kind }) =>
      `  - name: ${name}\n    oid: ${oid}\n    type: ${kind}\n    help: ${name}\n    indexes:\n    - labelname: ifIndex\n      type: gauge\n    lookups:\n${lookups.join('\n')}`,
  )
  return `if_mib:\n  version: 2\n  walk: [${entry.replace(/\.1$/, '')}, ${extended.replace(/\.1$/, '')}]\n  max_repetitions: 25\n  metrics:\n${metrics.join('\n')}\n`
}
