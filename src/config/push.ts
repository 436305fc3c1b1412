import type { OtlpTarget, Textfile } from '../model/push.ts'
import type { Secret } from '../model/secret.ts'
import type { Spot } from './check.ts'
import { hour, minute, readDuration, second } from './durations.ts'
import type { Problems } from './problems.ts'
import { otlpTargets } from './schemas/site.ts'
import { besideFile, resolveSecrets, type SecretDeps } from './secrets.ts'
import type { SiteText } from './site.ts'
import type { Tree } from './tree.ts'
import { readUrl } from './urls.ts'

/** The receivers of a site, with the secrets in their headers; what is wrong is told. */
export async function readOtlp(
  { otlp }: SiteText,
  tree: Tree,
  deps: SecretDeps,
  problems: Problems,
): Promise<readonly OtlpTarget[]> {
  const list = otlp.map(async ({ url: address, interval: every, headers: written }, index) => {
    const path = ['otlp', index]
    const url = readUrl(address, { tree, path: [...path, 'url'] }, problems)
    const interval = readDuration(every, [5 * second, hour], tree.at([...path, 'interval']), problems) ?? minute
    const spot = { tree, path: [...path, 'headers'] }
    const schema = otlpTargets.items.properties.headers
    const headers = (await resolveSecrets(written, schema, spot, deps, problems)) as Record<string, Secret>
    for (const [name, secret] of Object.entries(headers)) checkValue(name, secret, spot, problems)
    return url === undefined ? [] : [{ url, interval, headers }]
  })
  return (await Promise.all(list)).flat()
}

/** A value that fetch would refuse at each request is a mistake of the file. */
function checkValue(name: string, secret: Secret, { tree, path }: Spot, problems: Problems): void {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(secret.reveal())) return
  problems.add(tree.at([...path, name]), 'the value of a header is one line of printable signs')
}

/** Where readings are written for node_exporter; what is wrong is told. */
export function readTextfile(
  text: SiteText['textfile'],
  { tree, path }: Spot,
  problems: Problems,
): Textfile | undefined {
  if (text === undefined) return undefined
  const hint = 'node_exporter reads files that end in .prom'
  if (!text.path.endsWith('.prom')) problems.add(tree.at([...path, 'path']), 'a file of metrics is needed here', hint)
  const interval = readDuration(text.interval, [5 * second, hour], tree.at([...path, 'interval']), problems) ?? minute
  return { path: besideFile(tree.file, text.path), interval }
}
