import type { Problem } from '../model/problem.ts'
import type { Spot } from './check.ts'
import { isJson, jsonOf } from './json.ts'
import { orOneOf } from './misspelt.ts'
import { Problems } from './problems.ts'
import { checksOf, type Protocols } from './protocols.ts'
import { resolveSecrets, type SecretDeps } from './secrets.ts'
import type { Tree } from './tree.ts'
import { parseTree } from './yaml.ts'

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
    const checked = checksOf(protocol, schemas).credential(value, inner, problems)
    if (checked !== undefined)
      byProtocol[protocol] = await resolveSecrets(checked, schemas.credential, inner, deps, problems)
  }
  return byProtocol
}

/** One credential of a site file's text, whatever else that holds; undefined, with the problems, where it has mistakes. */
export async function loadCredential(
  text: string,
  file: string,
  name: string,
  protocols: Protocols,
  deps: SecretDeps,
): Promise<{ readonly credential: Credential | undefined; readonly problems: readonly Problem[] }> {
  const problems = new Problems()
  const tree = parseTree(text, file, problems)
  if (tree === undefined) return { credential: undefined, problems: problems.list() }
  const all = jsonOf(tree.data['credentials'])
  const written = Object.hasOwn(all, name) ? all[name] : undefined
  if (written === undefined)
    problems.add(
      tree.at(['credentials']),
      `there is no credential "${name}"`,
      orOneOf(name, Object.keys(all), 'credentials'),
    )
  const credentials = await readCredentials(
    written === undefined ? {} : { [name]: written },
    tree,
    protocols,
    deps,
    problems,
  )
  const credential = problems.mistakes === 0 ? credentials.get(name) : undefined
  return { credential, problems: problems.list() }
}
