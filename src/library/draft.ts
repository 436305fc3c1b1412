import { stringify } from 'yaml'
import type { Language } from '../model/metric.ts'

/** A device that goes into a new site file. */
export interface DraftDevice {
  readonly name: string
  readonly address: string
  readonly probes: readonly string[]
  readonly needsCommunity: boolean
}

/** A site before its file is written. */
export interface Draft {
  readonly site: string
  readonly language: Language
  readonly listen: string
  readonly alertmanagers: readonly string[]
  /** Where the SNMP community stands; undefined where there is none. */
  readonly community: { readonly file: string } | { readonly env: string } | undefined
  readonly ranges: readonly string[]
  readonly devices: readonly DraftDevice[]
}

/** The name of the credential that a new site file begins with. */
const credential = 'network'

/** Pure: the text of a new site file. */
export function draftText({ site, language, listen, alertmanagers, community, ranges, devices }: Draft): string {
  const head = stringify({
    site,
    language,
    listen,
    ...(alertmanagers.length === 0 ? {} : { alertmanagers }),
    ...(ranges.length === 0 ? {} : { discovery_ranges: ranges }),
  })
  const credentials =
    community === undefined
      ? ''
      : `credentials:\n  ${credential}:\n    ${flow({ snmp: { version: '2c', community } })}\n`
  const entries = devices.map(({ name, address, probes, needsCommunity }) => {
    const entry = { name, address, probes, ...(needsCommunity ? { credentials: credential } : {}) }
    return `  - ${flow(entry, true)}\n`
  })
  return `${head}${credentials}devices:${entries.length === 0 ? ' []\n' : `\n${entries.join('')}`}`
}

/** On one line; a credential's keys stand in block form for the eye, so its braces are left off. */
function flow(value: object, isWhole = false): string {
  const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()
  return isWhole ? text : text.replace(/^\{ (.*) \}$/, '$1')
}

/** Pure: `NAME=ADDRESS` or `NAME=ADDRESS=PROBE,PROBE`; undefined where it is neither. */
export function parseDraftDevice(text: string): Omit<DraftDevice, 'needsCommunity'> | undefined {
  const [name = '', address = '', probes, more] = text.split('=')
  if (name === '' || address === '' || more !== undefined) return undefined
  return { name, address, probes: probes === undefined ? [] : probes.split(',').filter((probe) => probe !== '') }
}

/** Pure: a name for a device at an address. */
export function nameAt(address: string): string {
  return `device-${address.replace(/[^0-9A-Za-z]+/g, '-').replace(/^-|-$/g, '')}`
}
