import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A library that siteward ships with. */
export interface Library {
  readonly name: string
  readonly version: string
  /** As SPDX names it. */
  readonly license: string
  /** The text that must go with it. */
  readonly text: string
}

/** What may be shipped without asking anybody: licenses that ask for their text to go along, and for no more. */
const welcome = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'Unlicense',
  'BlueOak-1.0.0',
])

/** Libraries of other licenses that somebody has looked at: the license, and why it may be shipped. */
const lookedAt: Readonly<Record<string, string>> = {
  // Files under it stay under it, and are shipped unchanged, with the address of their source.
  '@jmespath-community/jmespath': 'MPL-2.0',
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly licenses?: readonly { readonly type: string }[]
  readonly author?: unknown
  readonly repository?: unknown
}

/** Every library in a folder node_modules, by name and version. Throws where one may not be shipped. */
export function librariesIn(modules: string): readonly Library[] {
  return foldersIn(modules)
    .map((folder) => libraryIn(folder))
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1))
}

/** The folders of packages, those inside of others too. */
function foldersIn(modules: string): readonly string[] {
  if (!existsSync(modules)) return []
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'))
  const folders = names.flatMap((name) => {
    const folder = join(modules, name)
    return name.startsWith('@') ? readdirSync(folder).map((inner) => join(folder, inner)) : [folder]
  })
  return folders.flatMap((folder) => [folder, ...foldersIn(join(folder, 'node_modules'))])
}

function libraryIn(folder: string): Library {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const { name, version } = manifest
  const license = manifest.license ?? manifest.licenses?.map(({ type }) => type).join(' OR ') ?? 'none'
  if (!welcome.has(license) && lookedAt[name] !== license)
    throw new Error(`${name} ${version} has the license "${license}": look at it, and name it in packaging/licenses.ts`)
  return { name, version, license, text: textIn(folder) ?? attribution(manifest) }
}

function textIn(folder: string): string | undefined {
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)(\.|-|$)/i.test(one))
  return file === undefined ? undefined : readFileSync(join(folder, file), 'utf8').trim()
}

/** Where a package brings no text of its license, whose it is, and where it comes from. */
function attribution({ author, repository }: Manifest): string {
  return `(no text of the license in the package) by ${wordOf(author, 'name')}, ${wordOf(repository, 'url')}`
}

function wordOf(value: unknown, key: string): string {
  if (typeof value === 'object' && value !== null && key in value) return String(Reflect.get(value, key))
  return Array.isArray(value) ? value.join(', ') : String(value ?? 'unknown')
}

/** The list of all licenses, with their texts; equal texts stand once. */
export function licenseList(libraries: readonly Library[]): string {
  const byText = new Map<string, Library[]>()
  for (const library of libraries) byText.set(library.text, [...(byText.get(library.text) ?? []), library])
  const index = libraries.map(({ name, version, license }) => `${name} ${version}: ${license}`).join('\n')
  const texts = [...byText].map(([text, of]) => {
    const names = of.map(({ name, version }) => `${name} ${version}`).join(', ')
    return `${'-'.repeat(80)}\n${names}\n\n${text}\n`
  })
  return `siteward is made with these libraries, under these licenses:\n\n${index}\n\n${texts.join('\n')}`
}
