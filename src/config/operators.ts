import type { Operator } from '../model/access.ts'
import type { Secret } from '../model/secret.ts'
import type { Problems } from './problems.ts'
import { operatorList } from './schemas/site.ts'
import { resolveSecrets, type SecretDeps } from './secrets.ts'
import type { SiteText } from './site.ts'
import type { Tree } from './tree.ts'

/** A token is drawn, not thought of: 16 characters of base64 are 96 bits. */
const shortestToken = 16

/** The operators of a site, with their tokens; what is wrong is told. */
export async function readOperators(
  { operators }: SiteText,
  tree: Tree,
  deps: SecretDeps,
  problems: Problems,
): Promise<readonly Operator[]> {
  const list = operators.map(async ({ name, right, token: text }, index): Promise<Operator> => {
    const path = ['operators', index]
    const spot = { tree, path: [...path, 'token'] }
    const before = problems.mistakes
    const token = (await resolveSecrets(text, operatorList.items.properties.token, spot, deps, problems)) as Secret
    if (deps.withoutSecrets !== true && problems.mistakes === before && !/^[\x21-\x7e]{16,}$/.test(token.reveal())) {
      const hint = 'make one: openssl rand -hex 32'
      problems.add(tree.at(spot.path), `a token has at least ${shortestToken} letters, digits and signs`, hint)
    }
    if (operators.findIndex((other) => other.name === name) < index || name === 'local') {
      problems.add(tree.at([...path, 'name']), `the operator "${name}" is there already`, 'give each a name of its own')
    }
    return { name, right, token }
  })
  return Promise.all(list)
}
