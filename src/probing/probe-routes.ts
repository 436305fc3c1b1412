import { Exposition, type Format } from '../expose/exposition.ts'
import { plain, type Reply, type Request, RequestError, type Route } from '../expose/route.ts'
import { contentTypes, formatFor } from '../expose/scrapes.ts'
import { isWithin, parseRange } from '../model/address-range.ts'
import type { Milliseconds } from '../model/clock.ts'
import type { Device } from '../model/device.ts'
import { labelText } from '../model/labels.ts'
import type { Probing } from '../model/probing.ts'
import { outcomeOf, type Poll } from '../model/reading.ts'
import type { SiteNow } from '../model/site.ts'
import { type Answered, type AskingParts, ask, Unaskable } from './asking.ts'

/** What /probe is wired to. */
export interface ProbeParts extends AskingParts {
  readonly site: SiteNow
  /** Whether this siteward may poll now. */
  mayPoll(): boolean
  /** The IPv4 address of a host's name; undefined where it has none, or none was told in time. Never rejects. */
  resolve(name: string): Promise<string | undefined>
}

/** Prometheus' deadline less this: the answer must still get there (as blackbox_exporter's --timeout-offset). */
const wayBack: Milliseconds = 500
/** Without a word of whoever asks; a probe's own timeout holds, too. */
const longest: Milliseconds = 120_000
const mostProbes = 16

/**
 * /probe: the multi-target pattern of snmp_exporter and blackbox_exporter, for those who keep targets in Prometheus
 * (https://prometheus.io/docs/guides/multi-target-exporter/).
 */
export function probeRoutes(parts: ProbeParts): readonly Route[] {
  let running = 0
  const handle = async (request: Request): Promise<Reply> => {
    const probing = parts.site().probing
    if (probing === undefined)
      throw new RequestError(404, 'nothing may be probed: say what under probing: in the site file')
    if (!parts.mayPoll()) throw new RequestError(503, 'this siteward may not poll now')
    if (running >= probing.parallel) throw new RequestError(503, `${running} targets are asked already`)
    running++
    try {
      return await answer(request, await deviceOf(request.query, probing, parts), parts)
    } finally {
      running--
    }
  }
  return [{ method: 'GET', path: '/probe', right: 'read', handle }]
}

async function answer({ headers }: Request, device: Device, parts: ProbeParts): Promise<Reply> {
  const begin = parts.clock.now().mono
  try {
    const answered = await ask(device, timeOf(headers['x-prometheus-scrape-timeout-seconds']), parts.site().name, parts)
    const format = formatFor(headers.accept)
    const body = textOf(answered, parts.clock.now().mono - begin, format)
    return { status: 200, headers: { 'content-type': contentTypes[format], vary: 'accept' }, body }
  } catch (error) {
    if (error instanceof Unaskable) return plain(400, `${error.message}\n`)
    throw error
  }
}

/** The device that is asked for: a probe's own, at the target, with the credentials that are named. */
async function deviceOf(query: URLSearchParams, probing: Probing, parts: ProbeParts): Promise<Device> {
  const target = once(query, 'target')
  if (target === undefined) throw new RequestError(400, "'target' parameter must be specified once")
  const names = query.getAll('probe').flatMap((text) => text.split(','))
  if (names.length === 0 || names.length > mostProbes)
    throw new RequestError(400, "'probe' parameter must be specified")
  const devices = [...new Set(names)].map((name) => {
    const found = probing.probes.get(name)
    if (found === undefined) throw new RequestError(400, `Unknown probe '${name}'`)
    return found
  })
  const [first, ...more] = devices
  if (first === undefined) throw new RequestError(400, "'probe' parameter must be specified")
  const address = await addressOf(target, probing, parts)
  return {
    ...first,
    ...{ name: target, address, credentials: credentialsOf(query, probing) },
    probes: devices.flatMap(({ probes }) => probes),
    derived: devices.flatMap(({ derived }) => derived),
    options: Object.assign({}, first.options, ...more.map(({ options }) => options)),
  }
}

function credentialsOf(query: URLSearchParams, { credentials }: Probing): Device['credentials'] {
  const named = query.getAll('credentials').flatMap((text) => text.split(','))
  const found = named.map((name) => {
    const credential = credentials.get(name)
    if (credential === undefined) throw new RequestError(400, `Unknown credentials '${name}'`)
    return credential
  })
  return Object.assign({}, ...found)
}

/** Names are looked up here and once: what was allowed is what is asked. */
async function addressOf(target: string, { targets }: Probing, { resolve }: ProbeParts): Promise<string> {
  const [, host = '', port = ''] = /^([A-Za-z0-9._-]{1,253})(:\d{1,5})?$/.exec(target) ?? []
  if (host === '') throw new RequestError(400, `'${target.slice(0, 300)}' is no HOST or HOST:PORT`)
  const address = parseRange(host) === undefined ? await resolve(host) : host
  const range = address === undefined ? undefined : parseRange(address)
  if (range === undefined) throw new RequestError(400, `there is no IPv4 address of '${host}'`)
  if (!targets.some((allowed) => isWithin(range, allowed)))
    throw new RequestError(403, `${address} is outside of what may be probed`)
  return `${address}${port}`
}

function once(query: URLSearchParams, name: string): string | undefined {
  const [value, second] = query.getAll(name)
  return second === undefined && value !== '' ? value : undefined
}

function timeOf(header: string | readonly string[] | undefined): Milliseconds {
  const seconds = Number(header)
  if (header === undefined || !Number.isFinite(seconds) || seconds <= 0) return longest
  return Math.min(longest, Math.max(seconds * 1000 - wayBack, seconds * 500))
}

function textOf({ store, polls }: Answered, duration: Milliseconds, format: Format): string {
  const isGood = [...polls.values()].every((poll) => poll !== undefined && outcomeOf(poll) === 'good')
  const lines = [
    gauge('siteward_probe_success', 'Whether all that was asked for came', isGood ? 1 : 0),
    gauge('siteward_probe_duration_seconds', 'How long it took', duration / 1000),
    faultsText(polls),
    format === 'openmetrics' ? '# EOF\n' : '',
  ]
  return new Exposition(store).text(format) + lines.join('')
}

function gauge(name: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`
}

/** Why something did not come, each reason of a probe once. */
function faultsText(polls: ReadonlyMap<string, Poll | undefined>): string {
  const reasons = [...polls].flatMap(([probe, poll]) =>
    [...new Set(poll === undefined ? ['busy'] : poll.faults.map(({ kind }) => kind))].map((kind) => ({ probe, kind })),
  )
  if (reasons.length === 0) return ''
  const name = 'siteward_probe_fault'
  const lines = reasons.map((labels) => `${name}${labelText(labels)} 1\n`)
  return `# HELP ${name} Why something did not come\n# TYPE ${name} gauge\n${lines.join('')}`
}
