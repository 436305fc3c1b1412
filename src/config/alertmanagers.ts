import type { Secret } from '../model/secret.ts'
import type { Problems } from './problems.ts'
import { alertmanager } from './schemas/site.ts'
import { resolveSecrets, type SecretDeps } from './secrets.ts'
import type { SiteText } from './site.ts'
import type { Tree } from './tree.ts'
import { readUrl } from './urls.ts'

const instead = 'write { url: ADDRESS, user: NAME, password: { file: PATH } }'

/** The Alertmanagers of a site; user and password are a part of the address. What is wrong is told. */
export async function readAlertmanagers(
  { alertmanagers }: SiteText,
  tree: Tree,
  deps: SecretDeps,
  problems: Problems,
): Promise<readonly URL[]> {
  const list = alertmanagers.map(async (text, index) => {
    const path = ['alertmanagers', index]
    if (typeof text === 'string') return readUrl(text, { tree, path }, problems, instead)
    const url = readUrl(text.url, { tree, path: [...path, 'url'] }, problems, instead)
    const spot = { tree, path: [...path, 'password'] }
    const { password: schema } = alertmanager.properties
    const password = (await resolveSecrets(text.password, schema, spot, deps, problems)) as Secret
    if (url === undefined) return undefined
    url.username = encodeURIComponent(text.user)
    url.password = encodeURIComponent(password.reveal())
    return url
  })
  return (await Promise.all(list)).flatMap((url) => url ?? [])
}
