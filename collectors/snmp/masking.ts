import type { Mask, MaskedKind } from '../../src/model/mask.ts'
import { tags, type Variable } from './recording.ts'
import { textOf } from './value.ts'

/**
 * Where agents keep what tells whose they are, by the beginning of the OID. The standards' own, and the serial numbers of
 * vendors that do not use ENTITY-MIB for them.
 */
const known: readonly (readonly [oid: string, kind: MaskedKind])[] = [
  ['1.3.6.1.2.1.1.4', 'name'], // sysContact
  ['1.3.6.1.2.1.1.5', 'name'], // sysName
  ['1.3.6.1.2.1.1.6', 'name'], // sysLocation
  ['1.3.6.1.2.1.31.1.1.1.18', 'name'], // ifAlias
  ['1.3.6.1.2.1.33.1.1.5', 'name'], // upsIdentName
  ['1.3.6.1.2.1.33.1.1.6', 'name'], // upsIdentAttachedDevices
  ['1.3.6.1.2.1.47.1.1.1.1.11', 'serial'], // entPhysicalSerialNum
  ['1.3.6.1.2.1.47.1.1.1.1.14', 'name'], // entPhysicalAlias
  ['1.3.6.1.2.1.47.1.1.1.1.15', 'name'], // entPhysicalAssetID
  ['1.0.8802.1.1.2.1.3.3', 'name'], // lldpLocSysName
  ['1.0.8802.1.1.2.1.4.1.1.9', 'name'], // lldpRemSysName
  ['1.3.6.1.3.94.1.6.1.8', 'serial'], // connUnitSn
  ['1.3.6.1.3.94.1.6.1.20', 'name'], // connUnitName
  ['1.3.6.1.3.94.1.6.1.22', 'name'], // connUnitContact
  ['1.3.6.1.3.94.1.6.1.23', 'name'], // connUnitLocation
  ['1.3.6.1.4.1.9.3.6.3', 'serial'], // Cisco chassisId
  ['1.3.6.1.4.1.9.9.23.1.2.1.1.6', 'name'], // cdpCacheDeviceId
  ['1.3.6.1.4.1.232.2.2.2.1', 'serial'], // HPE cpqSiSysSerialNum
  ['1.3.6.1.4.1.318.1.1.1.1.1.2', 'name'], // APC upsBasicIdentName
  ['1.3.6.1.4.1.318.1.1.1.1.2.3', 'serial'], // APC upsAdvIdentSerialNumber
  ['1.3.6.1.4.1.476.1.42.2.1.4', 'serial'], // Liebert lgpAgentIdentSerialNumber
  ['1.3.6.1.4.1.674.10892.5.1.3.2', 'serial'], // Dell systemServiceTag
  ['1.3.6.1.4.1.2011.6.3.11.4', 'serial'], // Huawei hwBoardBarCode
  ['1.3.6.1.4.1.6876.2.1.1.2', 'name'], // VMware vmwVmDisplayName
  ['1.3.6.1.4.1.12356.100.1.1.1', 'serial'], // Fortinet fnSysSerial
  ['1.3.6.1.4.1.12356.101.13.2.1.1.2', 'serial'], // FortiGate fgHaStatsSerial
  ['1.3.6.1.4.1.12356.101.13.2.1.1.11', 'name'], // FortiGate fgHaStatsHostname
]

/** Columns of octets that are hardware addresses, printable or not. */
const hardware = [
  '1.3.6.1.2.1.2.2.1.6', // ifPhysAddress
  '1.3.6.1.2.1.17.1.1', // dot1dBaseBridgeAddress
]

/** Variables with the names, serial numbers, secrets and hardware addresses in them replaced. */
export function maskVariables(
  variables: readonly Variable[],
  secrets: readonly string[],
  mask: Mask,
): readonly Variable[] {
  for (const secret of secrets) mask.replace('secret', secret)
  // First all that is known, so that it is found wherever it stands.
  for (const { oid, tag, value } of variables) {
    const kind = tag === tags.octets && Buffer.isBuffer(value) ? kindOf(oid) : undefined
    if (kind !== undefined && Buffer.isBuffer(value)) mask.replace(kind, textOf(value))
  }
  return variables.map((variable) => maskOne(variable, mask))
}

function kindOf(oid: string): MaskedKind | undefined {
  return known.find(([prefix]) => oid.startsWith(`${prefix}.`))?.[1]
}

function maskOne(variable: Variable, mask: Mask): Variable {
  const { oid, tag, value } = variable
  if (tag !== tags.octets || !Buffer.isBuffer(value) || value.length === 0) return variable
  const kind = kindOf(oid)
  if (kind !== undefined) return { ...variable, value: Buffer.from(mask.replace(kind, textOf(value))) }
  if (isHardware(oid, value)) return { ...variable, value: mask.hardware(value) }
  const text = value.toString('utf8')
  if (!Buffer.from(text).equals(value)) return variable
  const masked = mask.text(text)
  return masked === text ? variable : { ...variable, value: Buffer.from(masked) }
}

/** Six octets (a MAC address) or eight (a WWN, a bridge identifier) that are no text. */
function isHardware(oid: string, value: Buffer): boolean {
  if (value.length !== 6 && value.length !== 8) return false
  if (hardware.some((prefix) => oid.startsWith(`${prefix}.`))) return true
  // DateAndTime (RFC 2579) has eight octets, too: year, month, day.
  if (value.length === 8 && isDate(value)) return false
  return value.some((byte) => byte < 0x20 || byte >= 0x7f) && !value.every((byte) => byte === 0)
}

function isDate(value: Buffer): boolean {
  const [month = 0, day = 0, hour = 0] = value.subarray(2)
  return value.readUInt16BE(0) <= 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24
}
