import type { Clock } from '../model/clock.ts'
import type { Labels } from '../model/labels.ts'
import type { Metric } from '../model/metric.ts'
import type { Site } from '../model/site.ts'
import { Exposition, type Readings } from './exposition.ts'
import { json, plain, type Reply, type Request, RequestError, type Route } from './route.ts'
import type { Rank } from './row-texts.ts'
import { contentTypes, formatFor } from './scrapes.ts'

/** What the pages of single devices are made from. */
export interface DevicePageParts {
  readonly readings: Readings
  readonly clock: Clock
  site(): Site
  /** Whether a device was read when it last should have been: what is exposed of it is true now. */
  isFresh(device: string): boolean
}

/**
 * The same one poll, as Prometheus sees devices that it scrapes itself: `/metrics/device/NAME` has what was read of one
 * device, and 503 while it is not read, so that `up` is the device's; `/sd/prometheus` is the list of those pages (HTTP
 * service discovery: https://prometheus.io/docs/prometheus/latest/http_sd/).
 */
export function devicePages(parts: DevicePageParts): readonly Route[] {
  return [
    { method: 'GET', path: '/metrics/device/:name', right: 'read', handle: (request) => devicePage(request, parts) },
    { method: 'GET', path: '/sd/prometheus', right: 'read', handle: (request) => targets(request, parts) },
  ]
}

function devicePage({ params, headers }: Request, { readings, clock, site, isFresh }: DevicePageParts): Reply {
  const name = params['name'] ?? ''
  if (!site().devices.some((device) => device.name === name)) throw new RequestError(404, `there is no device ${name}`)
  if (!isFresh(name)) return plain(503, `${name} is not read: it does not answer, or has not been asked yet\n`)
  const format = formatFor(headers.accept)
  const exposition = new Exposition(ofDevice(readings, name), clock)
  return {
    status: 200,
    headers: { 'content-type': contentTypes[format], vary: 'accept' },
    body: pieces(exposition, format),
  }
}

function* pieces(exposition: Exposition, format: 'text' | 'openmetrics'): Generator<Uint8Array | string> {
  yield* exposition.chunks(format)
  if (format === 'openmetrics') yield '# EOF\n'
}

/** Pure: the readings of one device alone. */
function ofDevice(readings: Readings, device: string): Readings {
  const families = new Map<Metric, { readonly ranks: readonly Rank[] }>()
  for (const [metric, { ranks }] of readings.families) {
    const own = ranks.flatMap(({ rows, n }) => {
      const left = rows.filter(({ source }) => source.device === device)
      return left.length === 0 ? [] : [{ rows: left, n }]
    })
    if (own.length > 0) families.set(metric, { ranks: own })
  }
  return { families, valueAt: (id) => readings.valueAt(id) }
}

/** A host and port as a client may have asked for it. */
const hostAndPort = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** Each target is siteward as the asker has reached it: the path tells the devices apart. */
function targets({ headers }: Request, { site }: DevicePageParts): Reply {
  const { name, devices, listen } = site()
  const asked = headers.host ?? ''
  const target = hostAndPort.test(asked) ? asked : `${listen.host}:${listen.port}`
  return json(
    200,
    devices.map((device) => ({ targets: [target], labels: labelsOf(device, name) })),
  )
}

function labelsOf({ name, labels }: Site['devices'][number], site: string): Labels {
  return { ...labels, site, device: name, __metrics_path__: `/metrics/device/${encodeURIComponent(name)}` }
}
