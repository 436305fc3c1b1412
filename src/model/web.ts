import type { Milliseconds } from './clock.ts'
import type { Secret } from './secret.ts'

/** Go's policies for certificates of clients, as exporter-toolkit names them. */
export const clientAuths = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const

export type ClientAuth = (typeof clientAuths)[number]

/** How siteward speaks TLS. Texts are PEM; the names of versions, ciphers and curves are OpenSSL's. */
export interface WebTls {
  readonly cert: string
  readonly key: Secret
  readonly clientCa: string | undefined
  readonly clientAuth: ClientAuth
  /** A client's certificate must name one of these (DNS, IP address, email or URI); empty: any. */
  readonly clientAllowedSans: readonly string[]
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  readonly ciphers: string | undefined
  readonly honorCipherOrder: boolean
  readonly curves: string | undefined
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** Requests that are let through: one each `interval`, and `burst` at once. */
export interface RateLimit {
  readonly interval: Milliseconds
  readonly burst: number
}

/** The web configuration that Prometheus' exporters share: https://github.com/prometheus/exporter-toolkit */
export interface WebConfig {
  readonly tls: WebTls | undefined
  /** Names and bcrypt hashes of those who may read; empty: everybody. */
  readonly users: ReadonlyMap<string, Secret>
  readonly headers: Readonly<Record<string, string>>
  readonly rateLimit: RateLimit | undefined
}
