import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { shipped } from '../../src/home.ts'

/*
 * The bad configurations of fixtures/config/bad as a real siteward would have them. There they speak of a protocol that
 * only the loader's own tests know; here they are carried over, letter by letter so that every place stays where it is,
 * to the real protocols and the real vocabulary. What has its mistake in the other protocol or vocabulary is left out.
 */

const fixtures = shipped('fixtures', 'config', 'bad')

/** Whose mistake is one only for the protocol, vocabulary or folders of the loader's tests. */
const notOfARealOne = new Set(
  `
    probe-derived-label probe-derived-state-result probe-derived-state probe-derived-types
    probe-measure-count-number probe-measure-count-state probe-measure-critical-inside probe-measure-duration
    probe-measure-limit-metric probe-measure-never probe-measure-spread-of-state probe-measure-state-condition
    probe-measure-two probe-metric-twice probe-oid-is-number probe-oid-missing probe-oid probe-point-protocol-key
    probe-rule-hysteresis-of-state probe-rule-limit-metric-not-read probe-rule-number-of-state probe-rule-state-all
    probe-rule-state-misspelt probe-setting-name probe-setting-of-none probe-setting probe-state-missing-map
    probe-state-misspelt probe-state-raw-twice probe-state-scale site-comment-only site-credential-unused
    site-credential-version-number site-credentials-for-one-protocol site-device-derived-twice
    site-device-rule-not-read site-group-no-count site-group-not-read site-limit-not-read site-list site-no-device
    site-no-devices-key site-null site-option-of-no-probe site-option-out-of-range site-own-probe-unused
    site-probe-directory-missing site-probes-share-a-metric site-scalar site-site-rule-not-read
`
    .trim()
    .split(/\s+/),
)

/** Rows of faults, by what the fixtures are called. */
const rows: readonly (readonly [string, RegExp])[] = [
  ['C2', /device-name-twice/],
  ['C3', /alias/],
  ['C4', /duplicate|-tab|two-documents|scalar|site-list|comment-only|site-null|indent|unclosed|value-missing/],
  ['C5', /merge/],
  ['C6', /bom|crlf|gbk|latin1|utf16|site-nul|control-character/],
  ['C7', /directive/],
  ['C8', /-tag|binary/],
  ['C9', /is-number|version-number|label-number|secret-number/],
  ['C10', /deep/],
  ['C12', /proto\b|proto-|constructor/],
  [
    'C14',
    /nan|infinity|interval|timeout|low-over-high|inside|order|never|stale|range|too-long|rule-for|zero|impossible/,
  ],
  ['C15', /secret/],
]

/** One bad configuration: what is in its folder beside the usual files, and what is told of it. */
export interface BadConfiguration {
  readonly name: string
  /** The row of faults that it belongs to; undefined for the many that are mistakes of other kinds. */
  readonly row: string | undefined
  /** Paths below the folder, the site file's among them. */
  readonly files: Readonly<Record<string, Buffer>>
  /** What is told, each as FILE:LINE:COLUMN: and the beginning of the message. */
  told(folder: string): readonly string[]
}

/** The environment that the bad configurations are read with. */
export function environmentOf(folder: string): Readonly<Record<string, string>> {
  return {
    SITEWARD_TEST_SECRET: 'hush-hush',
    SITEWARD_TEST_EMPTY: '',
    CREDENTIALS_DIRECTORY: join(folder, 'handed-on'),
  }
}

/** Every bad configuration. */
export function badConfigurations(): readonly BadConfiguration[] {
  return readdirSync(fixtures)
    .filter((name) => /^(?:site|probe)-.*\.yaml$/.test(name) && !notOfARealOne.has(basename(name, '.yaml')))
    .map(badConfiguration)
}

function badConfiguration(name: string): BadConfiguration {
  // Read as Latin-1, in which every byte is a character: some of them are of other encodings, or of none.
  const text = readFileSync(join(fixtures, name)).toString('latin1')
  const real = text
    .replace(/\bfake: \{ (password: (?:\{[^}]*\}|[^ }]+)) \}/g, 'ipmi: { $1, user: u }')
    .replaceAll(/\bfake\b/g, 'ipmi')
  const isSite = name.startsWith('site-')
  const path = isSite ? 'site.yaml' : join('probes', name)
  const own = Buffer.from(isSite ? withOwnProbes(real) : real, 'latin1')
  const probe = /^probe: (\S+)/m.exec(text)?.[1] ?? 'room'
  return {
    name,
    row: rows.find(([, pattern]) => pattern.test(name))?.[0],
    files: { ...(isSite ? {} : { 'site.yaml': Buffer.from(siteWith(probe)) }), [path]: own },
    told: (folder) => expectationsOf(text).map((expected) => `${join(folder, path)}:${inFolder(expected, folder)}`),
  }
}

/** The folder with the probes is named where the expectation stands, so that no line moves. */
function withOwnProbes(text: string): string {
  return text.replace(/# expect: .*?(?=\r?$)/m, 'probe_directories: [probes]')
}

function siteWith(probe: string): string {
  return `site: clinic
probe_directories: [probes]
credentials: { bmc: { ipmi: { user: u, password: hush-hush } } }
devices:
  - { name: a, address: 127.0.0.1, probes: [${probe}], credentials: bmc }
`
}

/** The lines `# expect: LINE:COLUMN MESSAGE (HINT)` that are no warnings, as LINE:COLUMN: MESSAGE. */
function expectationsOf(text: string): readonly string[] {
  return [...text.matchAll(/^(?:\xef\xbb\xbf)?# expect: (.*?)\r?$/gm)]
    .map(([, line = '']) => Buffer.from(line, 'latin1').toString())
    .filter((line) => !/^\S+ warning:/.test(line))
    .map((line) => line.replace(/^(\d+:\d+) /, '$1: ').replace(/ \([^()]*\)$/, ''))
}

function inFolder(expected: string, folder: string): string {
  return expected
    .replaceAll('fixtures/config/bad/', `${folder}/`)
    .replace('file handed-on/', `file ${folder}/handed-on/`)
}

/** Of a byte only the place is the same: the text before it is another. How deep a parser gets is its thread's. */
export function withoutOffsets(line: string): string {
  return line.replace(/byte \d+/, 'byte N').replace(/:\d+: (lists and keys are nested too deep)/, ':1: $1')
}

const room = `probe: room
title: A room
collector: ipmi
proof: register-map
points:
  - { metric: room_temperature_celsius, sensor: { name: T } }
  - { metric: room_humidity_ratio, sensor: { name: H } }
rules:
  - alarm: RoomTemperature
    when: room_temperature_celsius
    warning: { within: 20..28, for: 2m }
    critical: { within: 15..35 }
    hysteresis: 0.5
  - { alarm: RoomHumidity, when: room_humidity_ratio, within: 50%..65%, for: 5m }
`
const humidity = room.replace('probe: room', 'probe: humidity').replace(/ {2}- \{ metric: room_temp.*\n/, '')
const fans = `probe: fans
title: Fans of a box
collector: snmp
proof: register-map
points: [{ metric: device_uptime_seconds, oid: 1.3.6.1.2.1.1.3.0 }]
`

/** What lies in the folder of every one of them: probes, and secrets of all kinds. */
const usual: readonly (readonly [string, string | Buffer, number])[] = [
  ['probes/room.yaml', room, 0o644],
  ['probes/humidity.yaml', `${humidity.slice(0, humidity.indexOf('rules:'))}`, 0o644],
  ['probes/fans.yaml', fans, 0o644],
  ['secrets/good', 'hush-hush\r\n', 0o600],
  ['secrets/group', 'hush-hush\n', 0o640],
  ['secrets/open', 'hush-hush\n', 0o644],
  ['secrets/empty', '\n', 0o600],
  ['secrets/gbk', Buffer.from([0xc3, 0xdc, 0xc2, 0xeb]), 0o600],
  ['handed-on/plain', 'hush-hush', 0o400],
  ['handed-on/open', 'hush-hush', 0o444],
]

/** Writes what every bad configuration finds in its folder. */
export function writeUsual(folder: string): void {
  for (const [name, text, mode] of usual) writeBeside(folder, name, text, mode)
}

/** Writes a file below a folder. */
export function writeBeside(folder: string, name: string, text: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text, { mode })
}
