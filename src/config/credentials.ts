import type { Spot } from './check.ts'
import { isJson } from './json.ts'
import { orOneOf } from './misspelt.ts'
import type { Problems } from './problems.ts'
import { checksOf, type Protocols } from './protocols.ts'
import { resolveSecrets, type SecretDeps } from './secrets.ts'
import type { Tree } from './tree.ts'

/** What a credential holds for each protocol, with its secrets read. */
export type Credential = Readonly<Record<string, unknown>>

/** All credentials of a site by name; one with a mistake is empty, and told. */
export async function readCredentials(
  credentials: Readonly<Record<string, unknown>>,
  tree: Tree,
  protocols: Protocols,
  deps: SecretDeps,
  problems: Problems,
): Promise<ReadonlyMap<string, Credential>> {
  const read = Object.entries(credentials).map(async ([name, text]) => {
    const spot = { tree, path: ['credentials', name] }
    return [name, await readCredential(text, spot, protocols, deps, problems)] as const
  })
  return new Map(await Promise.all(read))
}

async function readCredential(
  text: unknown,
  spot: Spot,
  protocols: Protocols,
  deps: SecretDeps,
  problems: Problems,
): Promise<Credential> {
  const { tree, path } = spot
  if (!isJson(text) || Object.keys(text).length === 0) {
    problems.add(tree.at(path), 'keys and values are needed here', orOneOf('', [...protocols.keys()], 'protocols'))
    return {}
  }
  const byProtocol: Record<string, unknown> = {}
  for (const [protocol, value] of Object.entries(text)) {
    const inner = { tree, path: [...path, protocol] }
    const schemas = protocols.get(protocol)
    if (schemas === undefined) {
      const hint = orOneOf(protocol, [...protocols.keys()], 'protocols')
      problems.add(tree.keyAt(inner.path), `unknown key "${protocol}"`, hint)
      continue
    }
    const checked = checksOf(schemas).credential(value, inner, problems)
    if (checked !== undefined)
      byProtocol[protocol] = await resolveSecrets(checked, schemas.credential, inner, deps, problems)
  }
  return byProtocol
}
