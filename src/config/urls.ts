import type { Spot } from './check.ts'
import type { Problems } from './problems.ts'

/** The address of a web server; undefined, with the problem, where it is none or holds a password: `instead` says what to do. */
export function readUrl(
  text: string,
  { tree, path }: Spot,
  problems: Problems,
  instead = 'let a proxy beside siteward add them',
): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    problems.add(tree.at(path), 'an address of a web server is needed here', 'as http://127.0.0.1:9093')
    return undefined
  }
  if (url.username === '' && url.password === '') return url
  problems.add(tree.at(path), 'an address may hold no user and password', instead)
  return undefined
}
