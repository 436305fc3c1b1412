/** IF-MIB's columns as both sides of the benchmark read them (RFC 2863): ifTable 1-22 and ifXTable 1-19, 41 in all. */
export interface Column {
  readonly name: string
  readonly oid: string
  /** `text` columns are read as labels or left out, and give no series. */
  readonly kind: 'gauge' | 'counter' | 'text'
  /** snmprec's tag of the values that the simulated switch gives. */
  readonly tag: string
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
      return { name, oid: `${prefix}.${i + 1}`, kind, tag }
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

/** A switch with so many ports, as a recording: sysUpTime and the 41 columns. */
export function switchRecording(ports: number): string {
  const rows = ['1.3.6.1.2.1.1.3.0|67|123456789']
  for (const { name, oid, tag } of interfaceColumns) {
    for (let port = 1; port <= ports; port++) rows.push(`${oid}.${port}|${tag}|${value(name, tag, port)}`)
  }
  return `${rows.join('\n')}\n`
}

function value(name: string, tag: string, port: number): string {
  if (name === 'ifIndex') return String(port)
  if (name === 'ifName' || name === 'ifDescr') return `GigabitEthernet1/0/${port}`
  if (name === 'ifAlias') return `building 2, room ${port}`
  if (tag === '4x') return `0025b3c4d5${port.toString(16).padStart(2, '0')}`
  if (tag === '6') return '0.0'
  if (tag === '70') return String(5_000_000_000_000 + port * 7_919_000)
  if (tag === '65') return String(1_000_000_000 + port * 7919)
  if (name === 'ifSpeed') return '1000000000'
  if (name === 'ifHighSpeed') return '1000'
  return '1'
}

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
