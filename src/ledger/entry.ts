import {
  type Asset,
  type AssetField,
  addedHeads,
  assetFields,
  assetKeys,
  daysLeft,
  type Ending,
  endings,
  endsOf,
  type Told,
  toldFields,
} from '../model/asset.ts'
import type { Day } from '../model/calendar.ts'
import type { Language } from '../model/metric.ts'
import { type Difference, differences } from './compare.ts'

/** One thing of the ledger as it is listed and answered over HTTP. */
export interface LedgerEntry {
  readonly name: string
  /** Whether siteward watches it. */
  readonly watched: boolean
  readonly fields: Readonly<Partial<Record<AssetField, string>>>
  readonly told: Told
  readonly differences: readonly Difference[]
  /** Days until the end of each that ends; negative after it. */
  readonly days_left: Readonly<Partial<Record<Ending, number>>>
}

/** Pure: an asset with what the device tells of itself, as of a day. A device without an asset has no fields. */
export function entryOf(name: string, asset: Asset | undefined, watched: boolean, told: Told, today: Day): LedgerEntry {
  const ends = asset === undefined ? {} : endsOf(asset)
  const left: Partial<Record<Ending, number>> = {}
  for (const ending of endings) {
    const end = ends[ending]
    if (end !== undefined) left[ending] = daysLeft(end, today)
  }
  return {
    name,
    watched,
    fields: asset?.fields ?? {},
    told,
    differences: asset === undefined ? [] : differences(asset, told),
    days_left: left,
  }
}

const yesNo = { en: ['no', 'yes'], zh: ['否', '是'] } as const

const addedKeys = Object.keys(addedHeads).filter((key): key is keyof typeof addedHeads =>
  Object.hasOwn(addedHeads, key),
)

/** The heads of the ledger's columns as programs read them, and as siteward takes them in again. */
export const ledgerKeys: readonly string[] = ['device', ...assetKeys, ...addedKeys]

/** The heads of the ledger's columns for people. */
export function ledgerHeads(language: Language): readonly string[] {
  return [
    { en: 'device', zh: '设备' }[language],
    ...assetKeys.map((key) => assetFields[key].text[language]),
    ...addedKeys.map((key) => addedHeads[key][language]),
  ]
}

/** Pure: an entry as a row below those heads. Counts and days are numbers. */
export function ledgerRow(entry: LedgerEntry, language: Language): readonly (string | number)[] {
  const fields = assetKeys.map((key) => {
    const text = entry.fields[key] ?? ''
    return assetFields[key].kind === 'count' && text !== '' ? Number(text) : text
  })
  return [
    entry.name,
    ...fields,
    yesNo[language][entry.watched ? 1 : 0],
    ...toldFields.map((field) => (entry.told[field] ?? []).join(', ')),
    entry.differences.map(({ field }) => assetFields[field].text[language]).join(', '),
    ...endings.map((ending) => entry.days_left[ending] ?? ''),
  ]
}
