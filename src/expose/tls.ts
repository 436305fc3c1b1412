import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls'
import type { WebTls } from '../model/web.ts'

/** What the system's TLS takes of a web configuration. */
export function secureContextOf(tls: WebTls): SecureContextOptions {
  return {
    cert: tls.cert,
    key: tls.key.reveal(),
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    honorCipherOrder: tls.honorCipherOrder,
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa }),
    ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
    ...(tls.curves === undefined ? {} : { ecdhCurve: tls.curves }),
  }
}

/** Whether clients are asked for a certificate, and refused without a good one. It holds for the life of the server. */
export function clientRulesOf({ clientAuth }: WebTls): TlsOptions {
  return {
    requestCert: clientAuth !== 'NoClientCert',
    rejectUnauthorized: clientAuth === 'RequireAndVerifyClientCert',
  }
}

/** Whether a client that is connected may stay: what Go's policies ask beyond `clientRulesOf`, and the names. */
export function isWelcome(socket: TLSSocket, { clientAuth, clientAllowedSans }: WebTls): boolean {
  const certificate = socket.getPeerCertificate()
  const hasOne = Object.keys(certificate).length > 0
  switch (clientAuth) {
    case 'NoClientCert':
    case 'RequestClientCert':
      return true
    case 'VerifyClientCertIfGiven':
      return !hasOne || socket.authorized
    case 'RequireAnyClientCert':
      return hasOne && isNamed(certificate.subjectaltname, clientAllowedSans)
    case 'RequireAndVerifyClientCert':
      return socket.authorized && isNamed(certificate.subjectaltname, clientAllowedSans)
  }
}

/** `DNS:a.example, IP Address:10.0.0.1, email:x@a.example, URI:spiffe://a`, one exactly as allowed. */
function isNamed(names: string | undefined, allowed: readonly string[]): boolean {
  if (allowed.length === 0) return true
  const held = (names ?? '').split(', ').map((name) => name.slice(name.indexOf(':') + 1))
  return held.some((name) => allowed.includes(name))
}
