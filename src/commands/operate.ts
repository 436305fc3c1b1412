import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { readWebConfig } from '../config/web-config.ts'
import type { Site } from '../model/site.ts'
import type { WebTls } from '../model/web.ts'
import { localTokenFile } from '../store/local-token.ts'
import { type Io, UsageError } from './command.ts'
import { printProblems, readSiteWithoutSecrets } from './site-file.ts'

/** An answer takes no longer; an operation that lasts is asked for again and again. */
const slowestAnswer = 30_000
const longestAnswer = 64 * 2 ** 20

/** What every command takes that speaks with a running siteward. */
export const daemonOptions = {
  config: { type: 'string' },
  url: { type: 'string' },
  'token-file': { type: 'string' },
  'ca-file': { type: 'string' },
} as const

/** How these options stand in a command's usage. */
export const daemonUsage = `  --config FILE      the site file of a siteward on this machine: where it listens, and its local token
  --url URL          where siteward is instead, as https://siteward.example:9879
  --token-file FILE  the operator's token; also by SITEWARD_TOKEN_FILE or SITEWARD_TOKEN in the environment
  --ca-file FILE     the authority that vouches for siteward's certificate, where the system knows it not
`

export type DaemonValues = { readonly [Name in keyof typeof daemonOptions]?: string | undefined }

/** What a running siteward answered. */
export interface DaemonReply {
  readonly status: number
  /** The JSON; a text where it was none. */
  readonly body: unknown
}

/** A running siteward. */
export interface RunningDaemon {
  readonly url: URL
  /** The site of --config, where it was given. */
  readonly site: Site | undefined
  /** Rejects with DaemonError when there is no answer. */
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<DaemonReply>
}

/** Why there is no answer, or not the one that was hoped for; for the operator. */
export class DaemonError extends Error {
  /** Whether it is one that waits for the lease of another, and watches nothing. */
  readonly standsBy: boolean

  constructor(message: string, standsBy = false) {
    super(message)
    this.standsBy = standsBy
  }
}

/** Finds the running siteward and the token for it. Problems of a site file are printed, and then there is none. */
export async function findDaemon(values: DaemonValues, io: Io): Promise<RunningDaemon | undefined> {
  if (values.config === undefined && values.url === undefined)
    throw new UsageError('--config FILE or --url URL is needed')
  const site = values.config === undefined ? undefined : await siteOf(values.config, io)
  if (values.config !== undefined && site === undefined) return undefined
  const tls = values.url === undefined ? tlsOf(site) : undefined
  const url = values.url === undefined ? localUrl(site, tls !== undefined) : urlOf(values.url)
  const token = await tokenFor(values, site, io)
  const ca = values['ca-file'] === undefined ? undefined : await readOr(values['ca-file'], '--ca-file')
  const own = tls?.cert
  return { url, site, call: (method, path, body) => send({ url: new URL(path, url), method, body, token, ca, own }) }
}

/** The body of a good answer; throws DaemonError, with siteward's words, for any other. */
export function goodBody({ status, body }: DaemonReply): unknown {
  if (status >= 200 && status < 300) return body
  const why = typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : String(body).trim()
  throw new DaemonError(`siteward refuses (${status}): ${why}`, Object(body).stands_by === true)
}

async function siteOf(file: string, io: Io): Promise<Site | undefined> {
  const { site, problems } = await readSiteWithoutSecrets(file, io.env)
  if (site === undefined) printProblems(problems, io)
  return site
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`--url: ${text} is no address of a web server`)
  if (url.username !== '' || url.password !== '') throw new UsageError('--url may hold no user and password')
  return url
}

function tlsOf(site: Site | undefined): WebTls | undefined {
  const file = site?.access.webConfig
  const read = file === undefined ? undefined : readWebConfig(file)
  return read?.ok === true ? read.config.tls : undefined
}

/** A siteward that listens everywhere is also on the loopback address. */
function localUrl(site: Site | undefined, isTls: boolean): URL {
  const { host, port } = site?.listen ?? { host: '127.0.0.1', port: 9879 }
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return new URL(`${isTls ? 'https' : 'http'}://${near.includes(':') ? `[${near}]` : near}:${port}`)
}

async function tokenFor(values: DaemonValues, site: Site | undefined, { env }: Io): Promise<string | undefined> {
  const file = values['token-file'] ?? env['SITEWARD_TOKEN_FILE']
  if (file !== undefined && file !== '') return (await readOr(file, 'the token')).trim()
  if (env['SITEWARD_TOKEN'] !== undefined && env['SITEWARD_TOKEN'] !== '') return env['SITEWARD_TOKEN']
  if (site === undefined) return undefined
  return (await readFile(localTokenFile(site.stateDirectory), 'utf8').catch(() => undefined))?.trim()
}

async function readOr(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${what}: ${file} cannot be read (${codeOf(error)})`)
  }
}

interface Sending {
  readonly url: URL
  readonly method: string
  readonly body: unknown
  readonly token: string | undefined
  readonly ca: string | undefined
  /** The certificate of the siteward on this machine: the very one is trusted, whatever name it is for. */
  readonly own: string | undefined
}

function send({ url, method, body, token, ca, own }: Sending): Promise<DaemonReply> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  }
  const options = { method, headers, timeout: slowestAnswer, ...trustOf(ca, own) }
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(new DaemonError(`no siteward answers at ${url.origin}: ${codeOf(error)}`))
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
      const parts: Buffer[] = []
      let length = 0
      response.on('error', fail)
      response.on('data', (part: Buffer) => {
        parts.push(part)
        length += part.length
        if (length > longestAnswer) response.destroy(new Error('the answer is too long'))
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(parts).toString()) }),
      )
    })
    request.on('timeout', () => request.destroy(new Error(`nothing came within ${slowestAnswer / 1000} s`)))
    request.on('error', fail)
    request.end(text)
  })
}

function trustOf(ca: string | undefined, own: string | undefined): RequestOptions {
  if (ca !== undefined) return { ca }
  if (own === undefined) return {}
  const expected = new X509Certificate(own).fingerprint256
  return {
    ca: own,
    checkServerIdentity: (_host, { fingerprint256 }) =>
      fingerprint256 === expected ? undefined : new Error('another certificate than the one in web_config'),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
