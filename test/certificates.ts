import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** What a certificate is for. */
export interface Asked {
  readonly subject: string
  /** Beside the subject as a DNS name, and 127.0.0.1. */
  readonly names?: readonly string[]
}

/** NAME.pem and NAME.key in a folder: a certificate that is its own authority, for two days. */
export function makeCertificate(folder: string, name: string, { subject, names = [] }: Asked): void {
  const alternatives = ['IP:127.0.0.1', `DNS:${subject}`, ...names].join()
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)],
      ...['-subj', `/CN=${subject}`, '-addext', `subjectAltName=${alternatives}`],
    ],
    { stdio: 'ignore' },
  )
}
