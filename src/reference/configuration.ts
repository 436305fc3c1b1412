import { pageOf, tableOf } from './page.ts'

/** A JSON Schema (draft-07), as config/schema/ holds them: keys and values. */
type Schema = Readonly<Record<string, unknown>>

/** What a person finds under one path of a file: the keys that may stand there. */
interface Section {
  readonly path: string
  readonly description: string
  readonly rows: readonly (readonly string[])[]
}

const introduction = `What may stand in siteward's YAML files, made of the very schemas that the loader checks and editors read (config/schema/).
A path tells where the keys stand: \`devices[]\` is each entry of the list under \`devices:\`, \`rules.NAME\` what stands under a
name of your own. Keys in **bold** are needed. Every duration is written as 30s, 2m, 1h30m; every secret as
\`{ file: PATH }\`, \`{ env: NAME }\` or \`{ credential: NAME }\`.`

/** Pure: docs/configuration.md, of the schemas of config/schema/ by the names of their files. */
export function configurationPage(schemas: ReadonlyMap<string, string>): string {
  const parts = [...schemas].sort(byUse).flatMap(([file, text]) => {
    const schema: unknown = JSON.parse(text)
    return isSchema(schema) ? [partOf(file, schema)] : []
  })
  return pageOf('config/schema/', 'Configuration', introduction, parts)
}

/** What operators write comes first. */
const order = ['site.json', 'probe.json', 'rules.json', 'metrics.json']

function byUse([one]: readonly [string, string], [other]: readonly [string, string]): number {
  const place = (file: string): number => (order.includes(file) ? order.indexOf(file) : order.length)
  return place(one) - place(other) || (one < other ? -1 : 1)
}

function partOf(file: string, schema: Schema): string {
  const sections = sectionsOf(schema)
  const texts = sections.map(({ path, description, rows }) => {
    const head = path === '' ? [] : [`### \`${path}\``, '']
    const said = description === '' ? [] : [`${capital(description)}.`, '']
    return [...head, ...said, tableOf(['key', 'value', 'default', 'what it is'], rows)].join('\n')
  })
  return [`## ${capital(textOf(schema, 'title'))} (${file})`, ...texts].join('\n\n')
}

/** Every set of keys once: where it stands again, its first place is named. */
function sectionsOf(schema: Schema): readonly Section[] {
  const places = new Map<string, string>()
  const sections: Section[] = []
  const visit = (one: Schema, path: string): void => {
    const properties = propertiesOf(one)
    const mark = JSON.stringify(properties)
    if (properties.length > 0 && !places.has(mark)) {
      places.set(mark, path)
      const needed = listOf(one['required'])
      const rows = properties.map(([key, value]) => rowOf(key, value, needed.includes(key)))
      sections.push({ path, description: path === '' ? '' : textOf(one, 'description'), rows })
    }
    for (const [step, child] of childrenOf(one)) visit(child, join(path, step))
  }
  visit(schema, '')
  return sections
}

function join(path: string, step: string): string {
  return path === '' || step === '[]' || step === '' ? `${path}${step}` : `${path}.${step}`
}

/** What stands below a schema, each with the step that leads to it; an alternative is no step. */
function childrenOf(schema: Schema): readonly (readonly [string, Schema])[] {
  const below = [...propertiesOf(schema), ...patternsOf(schema).map((child) => ['NAME', child] as const)]
  const items = schema['items']
  return [
    ...below,
    ...(isSchema(items) ? [['[]', items] as const] : []),
    ...schemasOf(schema['anyOf']).map((child) => ['', child] as const),
    ...schemasOf(schema['allOf']).flatMap(ofProtocol),
  ].filter(([, child]) => !isSecret(child))
}

/** Of a probe: what the points of one protocol may hold. */
function ofProtocol(rule: Schema): readonly (readonly [string, Schema])[] {
  const { if: when, then } = rule
  if (!isSchema(when) || !isSchema(then)) return []
  const names = entriesOf(when['properties']).map(([, { const: name }]) => String(name))
  return propertiesOf(then).map(([key, child]) => [`(collector: ${names.join()}) ${key}`, child] as const)
}

function rowOf(key: string, value: Schema, isNeeded: boolean): readonly string[] {
  const byDefault = value['default']
  const isPlain = ['string', 'number', 'boolean'].includes(typeof byDefault)
  return [
    isNeeded && byDefault === undefined ? `**${key}**` : key,
    writtenAs(value),
    isPlain ? `\`${String(byDefault)}\`` : '',
    textOf(value, 'description'),
  ]
}

/** What is written there, in a few words. */
function writtenAs(schema: Schema): string {
  if (isSecret(schema)) return 'secret'
  const fixed = [...listOf(schema['enum']), ...('const' in schema ? [schema['const']] : [])]
  if (fixed.length > 0) return fixed.map((one) => `\`${String(one)}\``).join(', ')
  const title = textOf(schema, 'title')
  if (title !== '' && schema['type'] !== 'object') return title
  const alternatives = schemasOf(schema['anyOf']).map(writtenAs)
  if (alternatives.length > 0) return [...new Set(alternatives)].join(' or ')
  const items = schema['items']
  if (schema['type'] === 'array') return isSchema(items) ? `list: ${writtenAs(items)}` : 'list'
  const [pattern] = patternsOf(schema)
  if (pattern !== undefined) return `NAME: ${writtenAs(pattern)}`
  if (schema['type'] === 'object') return 'keys'
  const { minimum, maximum } = schema
  const type = textOf(schema, 'type') || 'anything'
  return minimum === undefined || maximum === undefined ? type : `${type}, ${String(minimum)} to ${String(maximum)}`
}

function propertiesOf(schema: Schema): readonly (readonly [string, Schema])[] {
  return entriesOf(schema['properties'])
}

function patternsOf(schema: Schema): readonly Schema[] {
  return entriesOf(schema['patternProperties']).flatMap(([pattern, child]) => (pattern === '^x-' ? [] : [child]))
}

function entriesOf(value: unknown): readonly (readonly [string, Schema])[] {
  if (!isSchema(value)) return []
  return Object.entries(value).flatMap(([key, child]) => (isSchema(child) ? [[key, child] as const] : []))
}

function schemasOf(value: unknown): readonly Schema[] {
  return listOf(value).filter(isSchema)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isSecret(schema: Schema): boolean {
  return schema['secret'] === true
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(schema: Schema, key: 'title' | 'description' | 'type'): string {
  const text = schema[key]
  return typeof text === 'string' ? text : ''
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
