import { type Asset, heardFields, type Told, type ToldField } from '../model/asset.ts'

/** A field in which the ledger and the device say different things. */
export interface Difference {
  readonly field: ToldField
  readonly ledger: string
  readonly told: readonly string[]
}

/** How the ledger's word on one field stands to the device's. */
export interface Comparison extends Difference {
  readonly differs: boolean
}

/**
 * Pure: the fields of which both the ledger and the device say something that can be compared. A serial number must be
 * one of those told, letter for letter but for case and blanks; a model or version may be a part of what is told, or hold
 * it (`S5735` in the ledger, `S5735-L48T4X-A1` from the device). Makers are not compared: the ledger says 华为, the
 * device Huawei. Parts are compared one by one.
 */
export function compare({ fields }: Asset, told: Told): readonly Comparison[] {
  const compared: readonly ToldField[] = ['model', 'serial', 'version', 'parts']
  return compared.flatMap((field) => {
    const [ledger, values] = [fields[field], told[field]]
    if (ledger === undefined || values === undefined || folded(ledger) === '') return []
    return [{ field, ledger, told: values, differs: !isAlike(field, ledger, values, told.description ?? []) }]
  })
}

function isAlike(field: ToldField, ledger: string, told: readonly string[], words: readonly string[]): boolean {
  const wanted = folded(ledger)
  switch (field) {
    case 'parts':
      return sameParts(ledger, told)
    case 'serial':
      return told.some((value) => folded(value) === wanted)
    default:
      // What a device says in words may name its model where its other words do not; it never speaks against the ledger.
      return told.some((value) => isPart(wanted, folded(value))) || words.some((text) => folded(text).includes(wanted))
  }
}

/** Every part that the ledger names is there, and no other: a disk that was changed is one of each. */
function sameParts(ledger: string, told: readonly string[]): boolean {
  const listed = ledger
    .split(/[\s,;，；、]+/)
    .map(folded)
    .filter((one) => one !== '')
  // Each is told with its place before it: `sda S4X1`.
  const there = told.map((part) => folded(part.slice(part.indexOf(' ') + 1)))
  return listed.every((one) => there.includes(one)) && there.every((one) => listed.includes(one))
}

/** Pure: where the device says something else than the ledger. */
export function differences(asset: Asset, told: Told): readonly Difference[] {
  return compare(asset, told).filter(({ differs }) => differs)
}

/** Pure: what a device told before and tells otherwise now, as `serial: A -> B`; a field that it tells no more is no change. */
export function changes(before: Told, now: Told): readonly string[] {
  return heardFields.flatMap((field) => {
    const [was, is] = [before[field], now[field]]
    if (was === undefined || is === undefined || was.join(' ') === is.join(' ')) return []
    return [`${field}: ${was.join(', ')} -> ${is.join(', ')}`]
  })
}

function isPart(ledger: string, told: string): boolean {
  return told.includes(ledger) || (told !== '' && ledger.includes(told))
}

/** Only letters and digits that both a table and a device write: `S5735-L48T4X` is `S5735L48T4X`. */
function folded(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^A-Z0-9.]+/g, '')
}
