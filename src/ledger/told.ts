import { heardFields, type Told } from '../model/asset.ts'
import type { Labels } from '../model/labels.ts'

/** Several values of one field in one text of the record. */
const between = '\n'

/** What a device told, as the record keeps it. */
export function asRecord(told: Told): Labels {
  return Object.fromEntries(
    heardFields.flatMap((field) => (told[field] === undefined ? [] : [[field, told[field].join(between)]])),
  )
}

/** What the record's entry of a device says that it told. */
export function fromRecord(own: Labels): Told {
  return Object.fromEntries(
    heardFields.flatMap((field) => (own[field] === undefined ? [] : [[field, own[field].split(between)]])),
  )
}
