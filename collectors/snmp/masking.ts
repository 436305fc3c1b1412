import type { Mask, MaskedKind } from '../../src/model/mask.ts'
import { tags, type Variable } from './recording.ts'
import { textOf } from './value.ts'

/** Variables with the names, serial numbers, secrets and hardware addresses in them replaced. */
export function maskVariables(
  variables: readonly Variable[],
  secrets: readonly string[],
  mask: Mask,
): readonly Variable[] {
  for (const secret of secrets) mask.replace('secret', secret)
  // First all that is known, so that it is found wherever it stands.
  for (const { oid, tag, value } of variables) {
    const kind = tag === tags.octets && Buffer.isBuffer(value) ? kindOf(oid, mask) : undefined
    if (kind !== undefined && Buffer.isBuffer(value)) mask.replace(kind, textOf(value))
  }
  return variables.map((variable) => maskOne(variable, mask))
}

function kindOf(oid: string, { telltales }: Mask): MaskedKind | undefined {
  if (isUnder(oid, telltales.snmp.names)) return 'name'
  return isUnder(oid, telltales.snmp.serialNumbers) ? 'serial' : undefined
}

function isUnder(oid: string, objects: readonly string[]): boolean {
  return objects.some((object) => oid.startsWith(`${object}.`))
}

function maskOne(variable: Variable, mask: Mask): Variable {
  const { oid, tag, value } = variable
  if (tag !== tags.octets || !Buffer.isBuffer(value) || value.length === 0) return variable
  const kind = kindOf(oid, mask)
  if (kind !== undefined) return { ...variable, value: Buffer.from(mask.replace(kind, textOf(value))) }
  if (isHardware(oid, value, mask)) return { ...variable, value: mask.hardware(value) }
  const text = value.toString('utf8')
  if (!Buffer.from(text).equals(value)) return variable
  const masked = mask.text(text)
  return masked === text ? variable : { ...variable, value: Buffer.from(masked) }
}

/** Six octets (a MAC address) or eight (a WWN, a bridge identifier) that are no text. */
function isHardware(oid: string, value: Buffer, { telltales }: Mask): boolean {
  if (value.length !== 6 && value.length !== 8) return false
  if (isUnder(oid, telltales.snmp.hardwareAddresses)) return true
  // DateAndTime (RFC 2579) has eight octets, too: year, month, day.
  if (value.length === 8 && isDate(value)) return false
  return value.some((byte) => byte < 0x20 || byte >= 0x7f) && !value.every((byte) => byte === 0)
}

function isDate(value: Buffer): boolean {
  const [month = 0, day = 0, hour = 0] = value.subarray(2)
  return value.readUInt16BE(0) <= 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24
}
