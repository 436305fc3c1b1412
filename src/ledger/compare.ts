import type { Asset, Told, ToldField } from '../model/asset.ts'

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
 * device Huawei.
 */
export function compare({ fields }: Asset, told: Told): readonly Comparison[] {
  const compared: readonly ToldField[] = ['model', 'serial', 'version']
  return compared.flatMap((field) => {
    const [ledger, values] = [fields[field], told[field]]
    if (ledger === undefined || values === undefined || folded(ledger) === '') return []
    const same = field === 'serial' ? isSame : isPart
    return [{ field, ledger, told: values, differs: !values.some((value) => same(folded(ledger), folded(value))) }]
  })
}

/** Pure: where the device says something else than the ledger. */
export function differences(asset: Asset, told: Told): readonly Difference[] {
  return compare(asset, told).filter(({ differs }) => differs)
}

/** Pure: what a device told before and tells otherwise now, as `serial: A -> B`; a field that it tells no more is no change. */
export function changes(before: Told, now: Told): readonly string[] {
  const fields: readonly ToldField[] = ['maker', 'model', 'serial', 'version']
  return fields.flatMap((field) => {
    const [was, is] = [before[field], now[field]]
    if (was === undefined || is === undefined || was.join(' ') === is.join(' ')) return []
    return [`${field}: ${was.join(', ')} -> ${is.join(', ')}`]
  })
}

function isSame(ledger: string, told: string): boolean {
  return ledger === told
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
