import { addDays, addMonths, type Day, daysBetween } from './calendar.ts'
import type { Labels } from './labels.ts'
import type { Text } from './metric.ts'
import type { Place } from './place.ts'

/** What a field of the ledger holds. `month` is a day, or a month where nobody knows the day: `2021-06`. */
export type FieldKind = 'text' | 'month' | 'count'

interface Field {
  readonly kind: FieldKind
  /** How it is called in tables; the Chinese word is also taken at the head of a column. */
  readonly text: Text
  /** Other words for it, which tables of equipment have at the head of a column. */
  readonly also?: readonly string[]
}

/** Every field of the ledger, in the order of its columns. */
export const assetFields = {
  title: { kind: 'text', text: { en: 'name', zh: '设备名称' }, also: ['名称'] },
  class: { kind: 'text', text: { en: 'class', zh: '类别' }, also: ['设备类别'] },
  number: { kind: 'text', text: { en: 'asset number', zh: '资产编号' }, also: ['编号'] },
  maker: { kind: 'text', text: { en: 'maker', zh: '制造厂家' }, also: ['品牌', '厂家', '品牌/制造厂家'] },
  model: { kind: 'text', text: { en: 'model', zh: '型号' }, also: ['型号或规格', '规格型号'] },
  serial: { kind: 'text', text: { en: 'serial number', zh: '出厂序列号' }, also: ['序列号'] },
  version: { kind: 'text', text: { en: 'wanted version', zh: '应用版本' }, also: ['软件版本'] },
  made: { kind: 'month', text: { en: 'made', zh: '出厂年月' } },
  bought: { kind: 'month', text: { en: 'bought', zh: '购买时间' } },
  installed: { kind: 'month', text: { en: 'installed', zh: '安装年月' }, also: ['投用年月', '安装/投用年月'] },
  warranty_end: { kind: 'month', text: { en: 'warranty ends', zh: '过保日期' } },
  certificate_end: { kind: 'month', text: { en: 'certificate ends', zh: '证书到期' }, also: ['许可到期', '检定到期'] },
  battery_installed: { kind: 'month', text: { en: 'battery installed', zh: '电池安装日期' } },
  battery_years: { kind: 'count', text: { en: 'battery life (years)', zh: '电池寿命（年）' }, also: ['电池寿命'] },
  building: { kind: 'text', text: { en: 'building', zh: '楼宇' } },
  room: { kind: 'text', text: { en: 'room', zh: '房间' }, also: ['安装地点'] },
  cabinet: { kind: 'text', text: { en: 'cabinet', zh: '机柜' }, also: ['机柜标识'] },
  unit: { kind: 'text', text: { en: 'unit (U)', zh: '第几U' }, also: ['U位'] },
  department: { kind: 'text', text: { en: 'department', zh: '使用部门' } },
  owner: { kind: 'text', text: { en: 'owner', zh: '负责人' } },
  spares: { kind: 'count', text: { en: 'spare parts', zh: '备件数量' }, also: ['备件状况'] },
  value: { kind: 'text', text: { en: 'value', zh: '资产价值' } },
  parts: {
    kind: 'text',
    text: { en: 'serial numbers of parts', zh: '配件序列号' },
    also: ['配件', '附件', '配套装置'],
  },
  power: { kind: 'text', text: { en: 'power supply', zh: '供电接入点' }, also: ['电源'] },
  note: { kind: 'text', text: { en: 'note', zh: '备注' } },
} as const satisfies Record<string, Field>

/** Columns that siteward adds to the ledger's own, with their heads: they say nothing of the thing that could be written. */
export const addedHeads = {
  watched: { en: 'watched', zh: '已监控' },
  told_maker: { en: 'maker (told)', zh: '设备报告的厂家' },
  told_model: { en: 'model (told)', zh: '设备报告的型号' },
  told_serial: { en: 'serial number (told)', zh: '设备报告的序列号' },
  told_version: { en: 'version (told)', zh: '设备报告的版本' },
  told_parts: { en: 'parts (told)', zh: '设备报告的配件' },
  differs: { en: 'differs', zh: '不一致' },
  warranty_left_days: { en: 'warranty left (days)', zh: '保修剩余天数' },
  certificate_left_days: { en: 'certificate left (days)', zh: '证书剩余天数' },
  battery_left_days: { en: 'battery left (days)', zh: '电池剩余天数' },
} as const

export type AssetField = keyof typeof assetFields

/** The fields of the ledger in their order. */
export const assetKeys: readonly AssetField[] = Object.keys(assetFields).filter(isAssetField)

function isAssetField(key: string): key is AssetField {
  return Object.hasOwn(assetFields, key)
}

/** What the ledger knows of one thing; fields as they were written. */
export interface Asset {
  /** The device's name, or the thing's own where siteward does not watch it. */
  readonly name: string
  readonly fields: Readonly<Partial<Record<AssetField, string>>>
  readonly place: Place
}

/** What of an asset comes to an end. */
export const endings = ['warranty', 'certificate', 'battery'] as const

export type Ending = (typeof endings)[number]

/** How long a battery is taken to last where nobody says: lead batteries of a UPS are replaced after about five years. */
const batteryYears = 5

/** The last day of each ending that the ledger knows. */
export function endsOf({ fields }: Asset): Readonly<Partial<Record<Ending, Day>>> {
  const { warranty_end: warranty, certificate_end: certificate, battery_installed: battery } = fields
  const years = fields.battery_years === undefined ? batteryYears : Number(fields.battery_years)
  return {
    ...(warranty === undefined ? {} : { warranty: lastDay(warranty) }),
    ...(certificate === undefined ? {} : { certificate: lastDay(certificate) }),
    ...(battery === undefined ? {} : { battery: addMonths(firstDay(battery), Math.round(12 * years)) }),
  }
}

/** The day, or the first of the month. */
function firstDay(text: string): Day {
  return text.length === 7 ? `${text}-01` : text
}

/** The day, or the last of the month. */
function lastDay(text: string): Day {
  return text.length === 7 ? addDays(addMonths(`${text}-01`, 1), -1) : text
}

/** Days until the end of that day; negative after it. */
export function daysLeft(end: Day, today: Day): number {
  return daysBetween(today, end) + 1
}

/** siteward's own metrics of what comes to an end: how long it has. */
export const leftMetrics = {
  warranty: 'siteward_warranty_left_seconds',
  certificate: 'siteward_certificate_left_seconds',
  battery: 'siteward_battery_left_seconds',
} as const satisfies Record<Ending, string>

/** Whether the ledger's word differs from the device's, by field. */
export const differsMetric = 'siteward_asset_differs'

/** siteward's own metrics that can be made of an asset and have rules. */
export function assetMetrics(asset: Asset): readonly string[] {
  const ends = endsOf(asset)
  const compares = toldFields.some((field) => asset.fields[field] !== undefined)
  return [
    ...endings.filter((ending) => ends[ending] !== undefined).map((ending) => leftMetrics[ending]),
    ...(compares ? [differsMetric] : []),
  ]
}

/** What a device tells of itself, by the fields of the ledger; each of several (a stack's serial numbers) once. */
export type Told = Readonly<Partial<Record<HeardField, readonly string[]>>>

/**
 * The fields of the ledger that devices tell themselves, and the labels by which they do: of `device_info` (ENTITY-MIB, an
 * IPMI inventory, agents of makers), and of the disks that SMART knows.
 */
export const toldLabels = {
  maker: 'vendor',
  model: 'model',
  serial: 'serial',
  version: 'version',
  parts: 'part',
} as const

export type ToldField = keyof typeof toldLabels

/** Beside those, what a device says of itself in words (SNMP: sysDescr). */
export type HeardField = ToldField | 'description'

export const toldFields: readonly ToldField[] = ['maker', 'model', 'serial', 'version', 'parts']

export const heardFields: readonly HeardField[] = [...toldFields, 'description']

/** `Version 7.1.070, Release 6328P03`, `Version 15.2(2)E7, RELEASE SOFTWARE`: as network devices have it in sysDescr. */
const versionInWords = /\bversion\s+([^\s,;]+)/i

/** Labels as what a device tells of itself. A version is taken out of its words where nothing else tells one. */
export function toldIn(all: readonly Labels[]): Told {
  const valuesOf = (label: string): readonly string[] => {
    const values = all.map((labels) => labels[label] ?? '').filter((value) => value.trim() !== '')
    return [...new Set(values)].sort()
  }
  const told: Partial<Record<HeardField, readonly string[]>> = {}
  for (const field of toldFields) {
    const values = valuesOf(toldLabels[field])
    if (values.length > 0) told[field] = values
  }
  const words = valuesOf('description')
  if (words.length === 0) return told
  const versions = words.flatMap((text) => versionInWords.exec(text)?.[1] ?? [])
  return { ...(versions.length === 0 ? {} : { version: versions }), ...told, description: words }
}
