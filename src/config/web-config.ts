import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import Type, { type Static } from 'typebox'
import type { Place } from '../model/place.ts'
import type { Problem } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'
import {
  type ClientAuth,
  clientAuths,
  type RateLimit,
  type TlsVersion,
  type WebConfig,
  type WebTls,
} from '../model/web.ts'
import { checkOf, type Spot } from './check.ts'
import { hour, readDuration } from './durations.ts'
import { largestFile } from './files.ts'
import { Problems } from './problems.ts'
import { besideFile, tooOpen } from './secrets.ts'
import type { Tree } from './tree.ts'
import { cipherNames, curveNames } from './web-names.ts'
import { parseTree } from './yaml.ts'

const versions = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const satisfies Record<
  string,
  TlsVersion
>
const versionNames = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))
const closed = { additionalProperties: false }

/** RequireAnyClientCert, as exporter-toolkit called it once and still takes it. */
const olderName = 'RequireClientCert'

const tlsSchema = Type.Object(
  {
    cert: text('the certificate (PEM)'),
    cert_file: text('a file with the certificate'),
    key: text('its key (PEM)'),
    key_file: text('a file with its key'),
    client_ca: text('the authority of clients (PEM)'),
    client_ca_file: text('a file with the authority of clients'),
    client_auth_type: Type.Enum([...clientAuths, olderName, ''], {
      title: 'client_auth_type',
      default: 'NoClientCert',
    }),
    client_allowed_sans: Type.Array(Type.String({ minLength: 1 }), { maxItems: 256, default: [] }),
    min_version: Type.Enum([...versionNames], { title: 'TLS version', default: 'TLS12' }),
    max_version: Type.Enum([...versionNames], { title: 'TLS version', default: 'TLS13' }),
    cipher_suites: Type.Array(Type.String(), { maxItems: 64, default: [] }),
    prefer_server_cipher_suites: Type.Boolean({ default: true }),
    curve_preferences: Type.Array(Type.String(), { maxItems: 16, default: [] }),
  },
  closed,
)

const headerSchema = Type.Object(
  {
    'Content-Security-Policy': Type.Optional(Type.String()),
    'X-Frame-Options': Type.Optional(Type.Enum(['', 'deny', 'sameorigin'], { title: 'deny or sameorigin' })),
    'X-Content-Type-Options': Type.Optional(Type.Enum(['', 'nosniff'], { title: 'nosniff' })),
    // Written as 1, mostly.
    'X-XSS-Protection': Type.Optional(Type.Union([Type.String(), Type.Integer()])),
    'Strict-Transport-Security': Type.Optional(Type.String()),
  },
  closed,
)

const schema = Type.Object(
  {
    tls_server_config: Type.Optional(tlsSchema),
    http_server_config: Type.Optional(
      Type.Object({ http2: Type.Boolean({ default: true }), headers: Type.Optional(headerSchema) }, closed),
    ),
    basic_auth_users: Type.Record(Type.String(), Type.String(), { default: {} }),
    rate_limit: Type.Optional(
      Type.Object(
        {
          interval: Type.Union([Type.String(), Type.Literal(0)], {
            title: 'duration',
            description: 'as 1s; 0 for no limit',
            default: '0s',
          }),
          burst: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 }),
        },
        closed,
      ),
    ),
  },
  closed,
)

const checkWeb = checkOf('web', schema)

type WebText = Static<typeof schema>
type TlsText = Static<typeof tlsSchema>

/** A web configuration with the files that it is made of, or every mistake in it. */
export type ReadWeb =
  | { readonly ok: true; readonly config: WebConfig; readonly files: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly files: readonly string[] }

/**
 * Reads a web configuration in exporter-toolkit's format, at once: it is read again for a new connection when one of its
 * files has changed, and a connection cannot wait.
 */
export function readWebConfig(file: string): ReadWeb {
  const problems = new Problems()
  const reader = new Reader(file, problems)
  const config = reader.read()
  const { files } = reader
  return config === undefined || problems.mistakes > 0
    ? { ok: false, problems: problems.list(), files }
    : { ok: true, config, files }
}

class Reader {
  readonly files: string[] = []
  readonly #file: string
  readonly #problems: Problems

  constructor(file: string, problems: Problems) {
    this.#file = file
    this.#problems = problems
  }

  read(): WebConfig | undefined {
    const written = this.#text(this.#file, { file: this.#file, line: 1, column: 1 })
    if (written === undefined) return undefined
    // Alone among YAML files, an empty one is right: it asks for nothing.
    if (/^(\s*(#[^\n]*)?\n?)*$/.test(written))
      return { tls: undefined, users: new Map(), headers: {}, rateLimit: undefined }
    const tree = parseTree(written, this.#file, this.#problems)
    const top = tree === undefined ? undefined : checkWeb(tree.data, { tree, path: [] }, this.#problems)
    if (tree === undefined || top === undefined) return undefined
    return {
      tls: top.tls_server_config === undefined ? undefined : this.#tls(top.tls_server_config, tree),
      users: this.#users(top, tree),
      headers: headersOf(top),
      rateLimit: this.#rateLimit(top, tree),
    }
  }

  #text(file: string, place: Place): string | undefined {
    this.files.push(file)
    try {
      const { size } = statSync(file)
      if (!statSync(file).isFile()) this.#problems.add(place, `${file} is not a regular file`)
      else if (size > largestFile) this.#problems.add(place, `${file} is larger than 2 MiB`)
      else return readFileSync(file, 'utf8')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
      this.#problems.add(place, `${file} cannot be read (${code})`)
    }
    return undefined
  }

  #users({ basic_auth_users: users }: WebText, tree: Tree): ReadonlyMap<string, Secret> {
    for (const [name, hash] of Object.entries(users)) {
      // A cost of 15 takes seconds of work for each password that somebody makes up.
      if (/^\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$/.test(hash)) continue
      const hint = 'make one: htpasswd -nBC 10 "" | tr -d ":\\n"'
      this.#problems.add(tree.at(['basic_auth_users', name]), 'a bcrypt hash of cost 4 to 14 is needed here', hint)
    }
    return new Map(Object.entries(users).map(([name, hash]) => [name, new Secret(hash)]))
  }

  #rateLimit({ rate_limit: limit }: WebText, tree: Tree): RateLimit | undefined {
    if (limit === undefined || limit.interval === 0 || /^0+(ms|[smhdw])?$/.test(limit.interval)) return undefined
    const place = tree.at(['rate_limit', 'interval'])
    const interval = readDuration(limit.interval, [1, hour], place, this.#problems)
    if (interval !== undefined && limit.burst < 1) {
      this.#problems.add(
        tree.at(['rate_limit', 'burst']),
        'with a burst of 0 nobody would be let in',
        'write 1 or more',
      )
    }
    return interval === undefined ? undefined : { interval, burst: limit.burst }
  }

  #tls(tls: TlsText, tree: Tree): WebTls | undefined {
    const spot = { tree, path: ['tls_server_config'] }
    const cert = this.#pem(tls, 'cert', 'cert_file', spot)
    const key = this.#pem(tls, 'key', 'key_file', spot)
    if (cert === undefined) this.#wrong(spot, undefined, 'a certificate is missing: cert_file')
    if (key === undefined) this.#wrong(spot, undefined, 'the key of the certificate is missing: key_file')
    const clientCa = this.#pem(tls, 'client_ca', 'client_ca_file', spot)
    this.#checkClients(tls, clientCa, spot)
    if (versionNames.indexOf(tls.min_version) > versionNames.indexOf(tls.max_version))
      this.#wrong(spot, 'min_version', 'min_version is above max_version')
    const ciphers = this.#named(tls.cipher_suites, cipherNames, 'cipher_suites', spot)
    const curves = this.#named(tls.curve_preferences, curveNames, 'curve_preferences', spot)
    if (cert === undefined || key === undefined) return undefined
    this.#checkPair(cert, key, clientCa, spot)
    return {
      cert,
      key: new Secret(key),
      clientCa,
      clientAuth: policyOf(tls),
      clientAllowedSans: tls.client_allowed_sans,
      minVersion: versions[tls.min_version],
      maxVersion: versions[tls.max_version],
      ciphers: ciphers.length === 0 ? undefined : ciphers.join(':'),
      honorCipherOrder: tls.prefer_server_cipher_suites,
      curves: curves.length === 0 ? undefined : curves.join(':'),
    }
  }

  #checkClients(tls: TlsText, clientCa: string | undefined, spot: Spot): void {
    const type = policyOf(tls)
    if (type === 'NoClientCert' && clientCa !== undefined)
      this.#wrong(spot, 'client_auth_type', 'client_ca is given, but clients are asked for no certificate')
    // Those of the system would do for a certificate that somebody may show, but nobody means them where one must be shown.
    if (type === 'RequireAndVerifyClientCert' && clientCa === undefined)
      this.#wrong(spot, 'client_auth_type', `${type} needs client_ca or client_ca_file`)
    if (tls.client_allowed_sans.length > 0 && !type.startsWith('Require'))
      this.#wrong(spot, 'client_allowed_sans', 'names of clients need a client_auth_type that requires a certificate')
  }

  /** A certificate that is being replaced may stand beside the old key for a moment. */
  #checkPair(cert: string, key: string, clientCa: string | undefined, spot: Spot): void {
    try {
      if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
        this.#wrong(spot, undefined, 'the key is not that of the certificate')
      if (clientCa !== undefined) new X509Certificate(clientCa)
    } catch {
      // What the library says may quote the key.
      this.#wrong(spot, undefined, 'a certificate or key is no PEM, or is locked by a passphrase')
    }
  }

  /** A PEM text, written here or in a file beside this one. */
  #pem(
    tls: TlsText,
    inline: 'cert' | 'key' | 'client_ca',
    inFile: 'cert_file' | 'key_file' | 'client_ca_file',
    spot: Spot,
  ): string | undefined {
    const [written, file] = [tls[inline], tls[inFile]]
    if (written !== undefined && file !== undefined) {
      this.#wrong(spot, inFile, `either ${inline} or ${inFile}`)
      return undefined
    }
    const path = file === undefined ? this.#file : besideFile(this.#file, file)
    const place = spot.tree.at([...spot.path, file === undefined ? inline : inFile])
    if (inline === 'key' && (written ?? file) !== undefined) this.#checkHidden(path, place)
    return file === undefined ? written : this.#text(path, place)
  }

  /** A key that others may read is no secret any more. */
  #checkHidden(file: string, place: Place): void {
    const mode = process.platform === 'win32' ? 0 : (statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o777
    if ((mode & tooOpen) === 0) return
    const octal = mode.toString(8).padStart(4, '0')
    this.#problems.add(place, `the key stands in ${file}, open to others (mode ${octal})`, `chmod 640 ${file}, or 600`)
  }

  #named(list: readonly string[], known: Readonly<Record<string, string>>, key: string, spot: Spot): readonly string[] {
    return list.flatMap((name, index) => {
      const found = known[name]
      if (found !== undefined) return [found]
      this.#problems.add(
        spot.tree.at([...spot.path, key, index]),
        `"${name}" is not known here`,
        Object.keys(known).join(', '),
      )
      return []
    })
  }

  #wrong({ tree, path }: Spot, key: string | undefined, message: string): void {
    this.#problems.add(tree.keyAt(key === undefined ? path : [...path, key]), message)
  }
}

/** Go's name of what is asked of clients. */
function policyOf({ client_auth_type: type }: TlsText): ClientAuth {
  if (type === '') return 'NoClientCert'
  return type === olderName ? 'RequireAnyClientCert' : type
}

function headersOf({ http_server_config: http }: WebText): Readonly<Record<string, string>> {
  const entries = Object.entries(http?.headers ?? {}).filter(([, value]) => value !== '')
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
}
