import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parseAddress } from '../../collectors/address.ts'
import { loadCredential } from '../config/credentials.ts'
import { type Draft, type DraftDevice, draftText, nameAt, parseDraftDevice } from '../library/draft.ts'
import { chosen } from '../library/identify.ts'
import type { Language } from '../model/metric.ts'
import type { Probe } from '../model/probe.ts'
import { files } from '../shipped-files.ts'
import { askAll } from './asking.ts'
import { type Command, type Io, UsageError } from './command.ts'
import { readLibrary } from './library.ts'
import { type Prompt, terminalPrompt } from './prompt.ts'
import { byProtocol, printProblems, protocols, readSite } from './site-file.ts'

const usage = `Usage: siteward init [FILE] [OPTION...]

Writes a site file (site.yaml by default) and checks it. Without --site it asks for everything at the terminal: the name of
the site, where Alertmanager is, the SNMP community (which is written to secrets/community beside the file, for its owner
alone), and the devices, each of which is asked what it is. With --site nobody is asked:

  --site NAME              the name of the site
  --language en|zh         of alert texts (default en)
  --listen HOST:PORT       where /metrics is served (default 127.0.0.1:9879)
  --alertmanager URL       may stand several times
  --community-file FILE    the SNMP v2c community of the devices, in this file
  --community-env NAME     the same in this environment variable
  --range CIDR             where siteward discover may look for devices; may stand several times
  --device NAME=ADDRESS[=PROBE,PROBE]
                           a device; without probes it is asked what it is. May stand several times

It overwrites nothing.

Exit status: 0 when the file is there and without a mistake, 1 when not, 2 for a wrong command line.
`

/** Milliseconds that a device may take for each question, while somebody waits. */
const patience = 5000

/** Where /metrics is served where nothing else is said: this machine alone. */
const ownAddress = '127.0.0.1:9879'

/** `siteward init`. */
export const init: Command = initWith(() =>
  process.stdin.isTTY ? terminalPrompt(process.stdin, process.stdout) : undefined,
)

/** The command with somebody to ask; undefined where nobody is there. */
export function initWith(somebody: () => Prompt | undefined): Command {
  return {
    name: 'init',
    summary: 'write a site file, asking for what it needs',
    usage,
    async run(args, io) {
      const { file, draft } = orderOf(args)
      if (existsSync(file)) throw new UsageError(`${file} is there already: siteward init overwrites nothing`)
      const { probes } = await readLibrary()
      const library = [...probes.values()]
      if (draft !== undefined) {
        const devices = await identified(draft, file, library, io)
        return devices === undefined ? 1 : finish(file, { ...draft, devices }, io)
      }
      const prompt = somebody()
      if (prompt === undefined) throw new UsageError('--site NAME is needed where nobody can be asked')
      try {
        return finish(file, await asked(prompt, file, library, io), io)
      } finally {
        prompt.close()
      }
    },
  }
}

interface Order {
  readonly file: string
  /** What is given by options; undefined where somebody is to be asked. */
  readonly draft: Draft | undefined
}

function orderOf(args: readonly string[]): Order {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      site: { type: 'string' },
      language: { type: 'string', default: 'en' },
      listen: { type: 'string', default: ownAddress },
      alertmanager: { type: 'string', multiple: true },
      'community-file': { type: 'string' },
      'community-env': { type: 'string' },
      range: { type: 'string', multiple: true },
      device: { type: 'string', multiple: true },
    },
    allowPositionals: true,
  })
  const [written = 'site.yaml', more] = positionals
  if (more !== undefined) throw new UsageError('one FILE at most')
  const file = resolve(written)
  if (values.site === undefined) return { file, draft: undefined }
  const { 'community-file': inFile, 'community-env': inEnv } = values
  const draft: Draft = {
    site: values.site,
    language: languageOf(values.language),
    listen: values.listen,
    alertmanagers: values.alertmanager ?? [],
    community:
      inFile !== undefined
        ? { file: relative(dirname(file), resolve(inFile)) }
        : inEnv === undefined
          ? undefined
          : { env: inEnv },
    ranges: values.range ?? [],
    devices: (values.device ?? []).map(deviceOf),
  }
  return { file, draft }
}

function languageOf(text: string): Language {
  if (text !== 'en' && text !== 'zh') throw new UsageError('--language takes en or zh')
  return text
}

function deviceOf(text: string): DraftDevice {
  const device = parseDraftDevice(text)
  if (device === undefined)
    throw new UsageError(`--device takes NAME=ADDRESS or NAME=ADDRESS=PROBE,PROBE, and not ${text}`)
  return { ...device, needsCommunity: false }
}

/** The devices with their probes: given, or found by asking. Undefined where one does not say what it is, which is told. */
async function identified(
  { devices, community }: Draft,
  file: string,
  library: readonly Probe[],
  io: Io,
): Promise<readonly DraftDevice[] | undefined> {
  const all: DraftDevice[] = []
  for (const device of devices) {
    const probes =
      device.probes.length > 0 ? device.probes : await probesAt(device.address, community, file, library, io)
    if (probes.length === 0) {
      const { name, address } = device
      io.err.write(
        `${name}: at ${address} nothing answers that a probe fits; say which: --device ${name}=${address}=PROBE\n`,
      )
      return undefined
    }
    all.push({ ...device, probes, needsCommunity: needsCommunity(probes, library) })
  }
  return all
}

function needsCommunity(probes: readonly string[], library: readonly Probe[]): boolean {
  return library.some(({ name, collector }) => collector === 'snmp' && probes.includes(name))
}

/** The probes that fit what answers there: by SNMP where a community is known, else none. */
async function probesAt(
  address: string,
  community: Draft['community'],
  file: string,
  library: readonly Probe[],
  io: Io,
): Promise<readonly string[]> {
  const collector = byProtocol.get('snmp')
  if (community === undefined || collector === undefined || parseAddress(address) === undefined) return []
  const text = JSON.stringify({ credentials: { given: { snmp: { version: '2c', community } } } })
  const { credential, problems } = await loadCredential(text, file, 'given', protocols, { files, env: io.env })
  printProblems(problems, io)
  if (credential === undefined) return []
  const subject = { collector, address, credential: credential['snmp'], patience, close: async () => {} }
  const answer = await askAll(subject, library, io)
  return answer === undefined ? [] : chosen(answer.proposals, answer.trials)
}

/** Asks somebody for everything. */
async function asked(prompt: Prompt, file: string, library: readonly Probe[], io: Io): Promise<Draft> {
  const site = await prompt.ask('Name of the site', hostname().split('.')[0] ?? 'site')
  const language = (await prompt.ask('Language of alerts, en or zh', 'en')) === 'zh' ? 'zh' : 'en'
  const alertmanager = await prompt.ask('Address of Alertmanager (- for none)', 'http://127.0.0.1:9093')
  const community = await communityFrom(prompt, file)
  const devices: DraftDevice[] = []
  while (true) {
    const address = await prompt.ask('Address of a device, as 192.0.2.20 or 192.0.2.10:502 (empty: no more)')
    if (address === '') break
    const device = await deviceAt(address, community, { prompt, file, library, io })
    if (device !== undefined) devices.push(device)
  }
  return {
    site,
    language,
    listen: ownAddress,
    alertmanagers: alertmanager === '-' ? [] : [alertmanager],
    community,
    ranges: [],
    devices,
  }
}

/** What is typed goes into a file for its owner alone, and never into the site file. */
async function communityFrom(prompt: Prompt, file: string): Promise<Draft['community']> {
  const community = await prompt.askUnseen('SNMP community of the devices (not shown; empty: none)')
  if (community === '') return undefined
  const secret = join(dirname(file), 'secrets', 'community')
  await mkdir(dirname(secret), { recursive: true, mode: 0o700 })
  await writeFile(secret, `${community}\n`, { mode: 0o600 })
  return { file: 'secrets/community' }
}

interface Around {
  readonly prompt: Prompt
  readonly file: string
  readonly library: readonly Probe[]
  readonly io: Io
}

/** A device as it answers, or as somebody says what it is; undefined where nobody does. */
async function deviceAt(
  address: string,
  community: Draft['community'],
  { prompt, file, library, io }: Around,
): Promise<DraftDevice | undefined> {
  const found = await probesAt(address, community, file, library, io)
  if (found.length === 0) io.out.write('By SNMP nothing answers that a probe fits. docs/devices.md lists the probes.\n')
  const probes = (await prompt.ask('Its probes, with commas (empty: leave it out)', found.join(', ')))
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (probes.length === 0) return undefined
  const name = await prompt.ask('Its name', nameAt(address))
  return { name, address, probes, needsCommunity: needsCommunity(probes, library) }
}

/** Writes the file and checks it as `siteward check` does. */
async function finish(file: string, draft: Draft, io: Io): Promise<number> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, draftText(draft), { flag: 'wx' })
  const { site, problems } = await readSite(file, io.env)
  printProblems(problems, io)
  const shown = relative(process.cwd(), file)
  if (site === undefined) {
    io.err.write(`${shown} is written and has mistakes: mend them, then siteward check --config ${shown}\n`)
    return 1
  }
  io.out.write(`${shown}: ${site.devices.length} devices, no problem found. Next:
  siteward poll DEVICE --config ${shown}     # one device, once
  siteward run --config ${shown}             # the daemon
`)
  return 0
}
