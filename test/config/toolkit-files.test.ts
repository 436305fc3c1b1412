import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readWebConfig } from '../../src/config/web-config.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { makeCertificate } from '../certificates.ts'

/*
 * The files that exporter-toolkit tests its own reading with (web/testdata, at 19a7c2d), each as one of ours that asks for
 * the same: what is good there is good here, what is bad there is bad here. Where siteward judges otherwise, it says why.
 */

const folder = mkdtempSync(join(tmpdir(), 'siteward-toolkit-'))

beforeAll(() => {
  for (const name of ['server', 'client']) makeCertificate(folder, name, { subject: 'localhost' })
}, 30_000)

function problemsOf(text: string): string {
  const path = join(folder, 'web.yml')
  writeFileSync(path, text, { mode: 0o600 })
  const read = readWebConfig(path)
  return read.ok ? '' : read.problems.map(formatProblem).join('\n')
}

/** A server's part of the file with more lines in it. */
const tls = (...more: readonly string[]): string =>
  ['tls_server_config:', 'cert_file: server.pem', 'key_file: server.key', ...more].join('\n  ')
const ifGiven = 'client_auth_type: VerifyClientCertIfGiven'
const suites = (...names: readonly string[]): string => `cipher_suites: [${names.join(', ')}]`
const rsa = ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'] as const

/** What every one of these takes for a password: bcrypt's cost and 53 characters. */
const hash = (cost: number): string => `$2y$${String(cost).padStart(2, '0')}$${'a'.repeat(53)}`

describe('good there, good here', () => {
  test.each([
    ['web_config_empty', ''],
    ['web_config_noAuth.good', tls(ifGiven)],
    ['web_config_noAuth_allCurves.good', tls(ifGiven, 'curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]')],
    ['web_config_noAuth_someCurves.good', tls(ifGiven, 'min_version: TLS13', 'curve_preferences: [CurveP521]')],
    [
      'web_config_noAuth_allCiphers.good',
      tls(
        ifGiven,
        suites(
          ...['128_GCM_SHA256', '256_GCM_SHA384', '128_CBC_SHA', '256_CBC_SHA'].flatMap((rest) => [
            `TLS_ECDHE_ECDSA_WITH_AES_${rest}`,
            `TLS_ECDHE_RSA_WITH_AES_${rest}`,
          ]),
          ...['ECDSA', 'RSA'].map((kind) => `TLS_ECDHE_${kind}_WITH_CHACHA20_POLY1305_SHA256`),
          ...['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256'].map((rest) => `TLS_${rest}`),
        ),
      ),
    ],
    ['web_config_noAuth_someCiphers.good', tls(ifGiven, suites(...rsa), 'min_version: TLS12', 'max_version: TLS12')],
    [
      'web_config_noAuth_someCiphers_noOrder.good',
      tls(ifGiven, suites(...rsa), 'prefer_server_cipher_suites: false', 'max_version: TLS12'),
    ],
    [
      'web_config_noAuth_noHTTP2.good',
      `${tls(ifGiven, suites(rsa[1]), 'max_version: TLS12')}\nhttp_server_config: { http2: false }`,
    ],
    ['tls_config_noAuth.requireanyclientcert.good', tls('client_auth_type: RequireAnyClientCert')],
    ['its older name, which exporter-toolkit takes too', tls('client_auth_type: RequireClientCert')],
    [
      'tls_config_noAuth.requireandverifyclientcert.good',
      tls('client_auth_type: RequireAndVerifyClientCert', 'client_ca_file: client.pem'),
    ],
    [
      'web_config_auth_client_san.good',
      tls(
        'client_auth_type: RequireAndVerifyClientCert',
        'client_ca_file: client.pem',
        'client_allowed_sans: [one, test3, two]',
      ),
    ],
    [
      'web_config_auth_client_san.bad (the file is good: a client without these names is turned away)',
      tls('client_auth_type: RequireAndVerifyClientCert', 'client_ca_file: client.pem', 'client_allowed_sans: [bad]'),
    ],
    [
      'web_config_headers.good',
      `http_server_config:
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-Content-Type-Options: nosniff
    X-XSS-Protection: 1
    Content-Security-Policy: "default-src 'self' *.test.example.net"`,
    ],
    ['web_config_rate_limiter_nonblocking', 'rate_limit: { interval: 0, burst: 0 }'],
    ['web_config_users.good', `${tls()}\nbasic_auth_users: { alice: "${hash(12)}", carol: "${hash(10)}" }`],
    ['web_config_users_noTLS.good', `basic_auth_users: { alice: "${hash(12)}", carol: "${hash(10)}" }`],
  ])('%s', (_name, text) => {
    expect(problemsOf(text)).toBe('')
  })

  const inline = (name: string): string => readFileSync(join(folder, name), 'utf8').replaceAll('\n', '\n    ')

  test('web_config_noAuth_tlsInline.good', () => {
    expect(
      problemsOf(`tls_server_config:\n  cert: |\n    ${inline('server.pem')}\n  key: |\n    ${inline('server.key')}\n`),
    ).toBe('')
  })

  test('tls_config_noAuth.requireanyclientcertkeyinline.good', () => {
    const policy = 'client_auth_type: RequireAnyClientCert'
    const text = `tls_server_config:\n  cert_file: server.pem\n  key: |\n    ${inline('server.key')}\n  ${policy}\n`
    expect(problemsOf(text)).toBe('')
  })
})

describe('bad there, bad here', () => {
  test.each([
    ['web_config_junk', 'hWkNKCp3\nTuEjdwNS\nay3RiOty\n', ''],
    ['web_config_junk_key', 'tls_server_config:\n  cert_filse: server.pem', 'unknown key "cert_filse"'],
    ['web_config_noAuth_certPath_empty.bad', 'tls_server_config: { cert_file: "", key_file: server.key }', ''],
    ['web_config_noAuth_cert_empty.bad', 'tls_server_config: { cert: "", key_file: server.key }', ''],
    ['web_config_noAuth_keyPath_empty.bad', 'tls_server_config: { cert_file: server.pem, key_file: "" }', ''],
    ['web_config_noAuth_key_empty.bad', 'tls_server_config: { cert_file: server.pem, key: "" }', ''],
    [
      'web_config_noAuth_certPath_keyPath_empty.bad',
      'tls_server_config: { cert_file: "", key_file: "", client_auth_type: x }',
      '',
    ],
    [
      'web_config_noAuth_certPath_invalid.bad',
      'tls_server_config: { cert_file: somefile, key_file: server.key }',
      'somefile cannot be read (ENOENT)',
    ],
    [
      'web_config_noAuth_keyPath_invalid.bad',
      'tls_server_config: { cert_file: server.pem, key_file: somefile }',
      'somefile cannot be read (ENOENT)',
    ],
    [
      'web_config_noAuth_certPath_keyPath_invalid.bad',
      'tls_server_config: { cert_file: somefile, key_file: somefile }',
      'somefile cannot be read (ENOENT)',
    ],
    ['web_config_noAuth.bad', tls('client_ca_file: /dev/null'), ''],
    ['an authority without a policy', tls('client_ca_file: client.pem'), 'asked for no certificate'],
    ['web_config_auth_clientCAs_invalid.bad', tls('client_ca_file: somefile'), 'somefile cannot be read (ENOENT)'],
    [
      'web_config_auth_clientCAs_missing.bad, and web_config_noAuth.good.blocking, which lets nobody in',
      tls('client_auth_type: RequireAndVerifyClientCert'),
      'needs client_ca',
    ],
    ['web_config_auth_user_list_invalid.bad', `${tls()}\nbasic_auth_users: { john: doe }`, 'a bcrypt hash'],
    [
      'web_config_noAuth_inventedCiphers.bad',
      tls(ifGiven, suites('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048')),
      'is not known here',
    ],
    ['web_config_noAuth_inventedCurves.bad', tls(ifGiven, 'curve_preferences: [CurveP257]'), 'is not known here'],
    ['web_config_noAuth_wrongTLSVersion.bad', tls(ifGiven, 'min_version: TLS111'), 'must be one of TLS10'],
    [
      'web_config_headers_content_type_options.bad',
      'http_server_config: { headers: { X-Content-Type-Options: sniff } }',
      'must be one of',
    ],
    [
      'web_config_headers_frame_options.bad',
      'http_server_config: { headers: { X-Frame-Options: foo } }',
      'must be one of',
    ],
    [
      'web_config_headers_extra_header.bad',
      'http_server_config: { headers: { Content-Type: foo } }',
      'unknown key "Content-Type"',
    ],
  ])('%s', (_name, text, expected) => {
    const found = problemsOf(text)
    expect(found).not.toBe('')
    expect(found).toContain(expected)
  })

  test('a file that is not there', () => {
    expect(readWebConfig(join(folder, 'somefile')).ok).toBe(false)
  })
})

describe('judged otherwise here', () => {
  test('a burst of 0 at a rate (web_config_rate_limiter_one_second): there nobody is let in, here it is a mistake', () => {
    expect(problemsOf('rate_limit: { interval: 1s, burst: 0 }')).toContain('nobody would be let in')
  })

  test('ciphers that HTTP/2 forbids (web_config_noAuth_noHTTP2Cipher.bad): siteward does not speak HTTP/2', () => {
    expect(problemsOf(tls(ifGiven, suites(rsa[1]), 'max_version: TLS12'))).toBe('')
  })

  test('a password of cost 18 (bob in web_config_users): each guess at it would be half a minute of work', () => {
    expect(problemsOf(`basic_auth_users: { bob: "${hash(18)}" }`)).toContain('a bcrypt hash of cost 4 to 14')
  })
})
