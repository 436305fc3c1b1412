import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readWebConfig } from '../../src/config/web-config.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { makeCertificate } from '../certificates.ts'

const folder = mkdtempSync(join(tmpdir(), 'siteward-web-'))
const hash = '$2b$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi'
const pair = 'cert_file: server.pem\n  key_file: server.key\n'

function file(text: string): string {
  const path = join(folder, 'web.yml')
  writeFileSync(path, text)
  return path
}

beforeAll(() => {
  for (const name of ['server', 'other', 'ca']) makeCertificate(folder, name, { subject: 'x' })
}, 30_000)

describe('good files', () => {
  test.each([
    ['an empty one', ''],
    ['one of comments', '# nothing\n\n# here\n'],
    ['TLS', `tls_server_config:\n  ${pair}`],
    [
      'verified clients',
      `tls_server_config:\n  ${pair}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n  client_allowed_sans: [prometheus.example]\n`,
    ],
    [
      'versions, ciphers, curves',
      `tls_server_config:\n  ${pair}  min_version: TLS13\n  max_version: TLS13\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  curve_preferences: [X25519, CurveP256]\n`,
    ],
    ['users', `basic_auth_users:\n  alice: ${hash}\n  bob: ${hash.replace('2b', '2y')}\n`],
    [
      'headers',
      'http_server_config:\n  http2: false\n  headers: { Strict-Transport-Security: max-age=3600, X-Frame-Options: "" }\n',
    ],
    ['a rate', 'rate_limit: { interval: 1s, burst: 5 }\n'],
    ['no rate', 'rate_limit: { interval: 0s, burst: 5 }\n'],
  ])('%s', (_what, text) => {
    const read = readWebConfig(file(text))
    expect(read.ok ? [] : read.problems.map(formatProblem)).toEqual([])
  })

  test('are read whole', () => {
    const read = readWebConfig(
      file(
        `tls_server_config:\n  ${pair}  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\nbasic_auth_users: { alice: "${hash}" }\nrate_limit: { interval: 2s, burst: 3 }\nhttp_server_config: { headers: { X-Frame-Options: deny, X-XSS-Protection: "" } }\n`,
      ),
    )
    if (!read.ok) throw new Error('it is good')
    expect(read.files).toEqual(['web.yml', 'server.pem', 'server.key'].map((name) => join(folder, name)))
    expect(read.config).toMatchObject({
      tls: {
        ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.3',
      },
      headers: { 'x-frame-options': 'deny' },
      rateLimit: { interval: 2000, burst: 3 },
    })
    expect(read.config.tls?.key.reveal()).toBe(readFileSync(join(folder, 'server.key'), 'utf8'))
    expect(JSON.stringify(read.config)).not.toContain('PRIVATE KEY')
    expect(JSON.stringify([...read.config.users])).not.toContain(hash)
  })
})

describe('bad files, told with their place', () => {
  test.each([
    ['no YAML', 'a: b: c\n', ':1:'],
    ['an unknown key', 'tls_config: {}\n', '1:1: unknown key "tls_config"'],
    ['no certificate', 'tls_server_config:\n  key_file: server.key\n', '1:1: a certificate is missing'],
    ['no key', 'tls_server_config:\n  cert_file: server.pem\n', '1:1: the key of the certificate is missing'],
    ['no such file', 'tls_server_config:\n  cert_file: none.pem\n  key_file: server.key\n', '2:14: '],
    [
      'the key of another',
      'tls_server_config: { cert_file: server.pem, key_file: other.key }\n',
      'not that of the certificate',
    ],
    ['no PEM', 'tls_server_config: { cert_file: web.yml, key_file: server.key }\n', 'is no PEM'],
    ['both forms', `tls_server_config:\n  ${pair}  cert: c\n`, 'either cert or cert_file'],
    ['an unknown policy', `tls_server_config:\n  ${pair}  client_auth_type: Sometimes\n`, '4:21: '],
    ['an authority for nothing', `tls_server_config:\n  ${pair}  client_ca_file: ca.pem\n`, 'asked for no certificate'],
    [
      'no authority',
      `tls_server_config:\n  ${pair}  client_auth_type: RequireAndVerifyClientCert\n`,
      'needs client_ca',
    ],
    [
      'names without certificates',
      `tls_server_config:\n  ${pair}  client_allowed_sans: [a]\n`,
      'requires a certificate',
    ],
    ['a version', `tls_server_config:\n  ${pair}  min_version: SSL30\n`, '4:16: '],
    ['versions', `tls_server_config:\n  ${pair}  min_version: TLS13\n  max_version: TLS12\n`, 'above max_version'],
    ['a cipher', `tls_server_config:\n  ${pair}  cipher_suites: [RC4]\n`, '4:19: "RC4" is not known here'],
    ['a curve', `tls_server_config:\n  ${pair}  curve_preferences: [CurveP1]\n`, '4:23: "CurveP1"'],
    ['a password', 'basic_auth_users:\n  alice: hunter2\n', '2:10: a bcrypt hash of cost 4 to 14'],
    ['a hash of cost 31', `basic_auth_users:\n  alice: ${hash.replace('$10$', '$31$')}\n`, '2:10: a bcrypt hash'],
    ['a header', 'http_server_config: { headers: { X-Frame-Options: all } }\n', '1:51: must be one of'],
    ['another header', 'http_server_config: { headers: { Server: x } }\n', 'unknown key "Server"'],
    ['a burst of nothing', 'rate_limit: { interval: 1s }\n', 'nobody would be let in'],
    ['an interval', 'rate_limit: { interval: 9d, burst: 1 }\n', 'too long'],
  ])('%s', (_what, text, expected) => {
    const read = readWebConfig(file(text))
    const found = read.ok ? [] : read.problems.map(formatProblem)
    expect(found.join('\n')).toContain(expected)
    expect(found.join('\n')).not.toContain('hunter2')
  })

  test('a FIFO does not hold up a connection', () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    expect(readWebConfig(join(folder, 'pipe')).ok).toBe(false)
  })
})
