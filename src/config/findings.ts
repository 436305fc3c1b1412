import type { ErrorObject } from 'ajv'
import { secretKeyword } from '../model/secret-schema.ts'
import { jsonOf } from './json.ts'
import { didYouMean, nearest } from './misspelt.ts'
import type { Path } from './tree.ts'

/** One thing that is wrong with data, in our words; `path` leads from the data checked to the value or its holder. */
export interface Finding {
  readonly kind: 'unknown key' | 'bad key' | 'missing key' | 'value'
  readonly path: Path
  readonly key: string
  readonly message: string
  readonly hint: string | undefined
  /** A number or true/false where a text is needed: quotes around what was written would do. */
  readonly needsQuotes: boolean
}

/**
 * ajv's errors as what a person has to change. Of a union only the branch that was meant is told; a key that is missing
 * because it was misspelt is told once.
 */
export function describeErrors(errors: readonly ErrorObject[], elsewhere: readonly string[]): readonly Finding[] {
  const unions = outermostUnions(errors)
  const plain = errors.filter((error) => !unions.some((union) => union === error || isInside(error, union)))
  const findings = plain.flatMap((error) => findingOf(error, elsewhere) ?? [])
  const fromUnions = unions.flatMap((union) =>
    describeUnion(
      union,
      errors.filter((error) => isInside(error, union)),
      elsewhere,
    ),
  )
  return withoutMisspelt([...findings, ...fromUnions])
}

function isUnion(error: ErrorObject): boolean {
  return error.keyword === 'anyOf' || error.keyword === 'oneOf'
}

function outermostUnions(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = errors.filter(isUnion)
  return unions.filter((union) => !unions.some((other) => other !== union && isInside(union, other)))
}

function isInside(error: ErrorObject, union: ErrorObject): boolean {
  const { instancePath } = error
  const within = instancePath === union.instancePath || instancePath.startsWith(`${union.instancePath}/`)
  return within && error.schemaPath.startsWith(`${union.schemaPath}/`)
}

/** The branch whose kind of value it is; of several the one that has the least wrong with it. */
function describeUnion(
  union: ErrorObject,
  inside: readonly ErrorObject[],
  elsewhere: readonly string[],
): readonly Finding[] {
  const branches = Array.isArray(union.schema) ? union.schema : []
  let best: readonly Finding[] | undefined
  let least = Number.POSITIVE_INFINITY
  for (const index of branches.keys()) {
    const own = inside.filter((error) => error.schemaPath.startsWith(`${union.schemaPath}/${index}/`))
    if (own.some((error) => isOtherKind(error, union))) continue
    const findings = describeErrors(own, elsewhere)
    const wrongConstants = own.filter((error) => error.keyword === 'const').length
    const weight = findings.length + wrongConstants * 100
    if (findings.length > 0 && weight < least) {
      best = findings
      least = weight
    }
  }
  return best ?? [noBranch(union, branches)]
}

/** Whether a branch is for another kind of value than the one that was written. */
function isOtherKind(error: ErrorObject, union: ErrorObject): boolean {
  return error.instancePath === union.instancePath && ['type', 'const', 'enum'].includes(error.keyword)
}

function noBranch(union: ErrorObject, branches: readonly unknown[]): Finding {
  if (union.parentSchema?.[secretKeyword] === true) return notSecret(union)
  const constants = [...new Set(branches.flatMap(constantsOf))]
  const written = union.data
  if (branches.every((branch) => constantsOf(branch).length > 0)) return wrongConstant(union, constants)
  const guess = typeof written === 'string' ? didYouMean(written, constants) : undefined
  const title = stringOf(union.parentSchema?.['title']) ?? branches.map((branch) => nounOf(branch)).join(' or ')
  const description = stringOf(union.parentSchema?.['description'])
  const needsQuotes = branches.some((branch) => wouldDoInQuotes(written, branch))
  const message = written === null ? 'a value is missing here' : `${withArticle(title)} is needed here`
  return { ...value(union, message, guess ?? description), needsQuotes }
}

/** Never with what was written, which is the secret. */
function notSecret(union: ErrorObject): Finding {
  const hint = '{ file: PATH }, { credential: NAME }, { env: NAME } or a text in quotes'
  return value(union, 'a secret is needed here', hint)
}

function constantsOf(branch: unknown): readonly string[] {
  const { const: constant, enum: several } = jsonOf(branch)
  if (Array.isArray(several)) return several.map(String)
  return constant === undefined ? [] : [String(constant)]
}

/** `adress` is told as unknown with the nearest name; that `address` is missing is then the same mistake. */
function withoutMisspelt(findings: readonly Finding[]): readonly Finding[] {
  const meant = new Set(
    findings.flatMap((finding) => (finding.kind === 'unknown key' ? `${finding.path.join('/')} ${finding.hint}` : [])),
  )
  return findings.filter(
    ({ kind, path, key }) => kind !== 'missing key' || !meant.has(`${path.join('/')} did you mean "${key}"?`),
  )
}

function findingOf(error: ErrorObject, elsewhere: readonly string[]): Finding | undefined {
  const { keyword, params } = error
  if (error.propertyName !== undefined) return badKey(error, error.propertyName)
  switch (keyword) {
    case 'if':
    case 'propertyNames':
      return undefined
    case 'additionalProperties':
      return unknownKey(error, String(params['additionalProperty']), elsewhere)
    case 'required':
      return missingKey(error, String(params['missingProperty']))
    case 'type':
      return wrongType(error)
    case 'const':
      return wrongConstant(error, [String(params['allowedValue'])])
    case 'enum':
      return wrongConstant(error, Array.isArray(params['allowedValues']) ? params['allowedValues'].map(String) : [])
    default:
      return value(error, valueWords(error), stringOf(error.parentSchema?.['description']))
  }
}

function unknownKey(error: ErrorObject, key: string, elsewhere: readonly string[]): Finding {
  const allowed = Object.keys(jsonOf(error.parentSchema?.['properties']))
  const names = error.instancePath === '' ? [...elsewhere, ...allowed] : allowed
  if (error.parentSchema?.['patternProperties'] !== undefined && names.length === 0) return badKey(error, key)
  const guess = nearest(key, names)
  const list = names.length <= 12 ? `allowed: ${names.join(', ') || 'none'}` : undefined
  const hint = guess === undefined ? list : `did you mean "${guess}"?`
  return { kind: 'unknown key', path: pathOf(error), key, message: `unknown key "${key}"`, hint, needsQuotes: false }
}

function badKey(error: ErrorObject, key: string): Finding {
  const hint = stringOf(error.parentSchema?.['description'])
  return {
    kind: 'bad key',
    path: pathOf(error),
    key,
    message: `"${key}" cannot be a name here`,
    hint,
    needsQuotes: false,
  }
}

function missingKey(error: ErrorObject, key: string): Finding {
  const about = stringOf(jsonOf(jsonOf(error.parentSchema?.['properties'])[key])['description'])
  return {
    kind: 'missing key',
    path: pathOf(error),
    key,
    message: `"${key}" is missing`,
    hint: about,
    needsQuotes: false,
  }
}

function wrongType(error: ErrorObject): Finding {
  const { data, parentSchema } = error
  if (data === null || data === undefined)
    return value(error, 'a value is missing here', stringOf(parentSchema?.['description']))
  const noun = nounOf(parentSchema)
  const not = Array.isArray(data) ? ', not a list' : typeof data === 'object' ? ', not keys and values' : ''
  const message = `${withArticle(noun)} ${noun === keysAndValues ? 'are' : 'is'} needed here${not}`
  if (wouldDoInQuotes(data, parentSchema)) return { ...value(error, message), needsQuotes: true }
  if (typeof data === 'string' && noun === 'number' && data.trim() !== '' && Number.isFinite(Number(data))) {
    return value(error, message, 'take the quotes away')
  }
  return value(error, message, stringOf(parentSchema?.['description']))
}

/** Quotes help where the text itself would do: a community 0123, but not an interval 60. */
function wouldDoInQuotes(data: unknown, schema: unknown): boolean {
  const { type, pattern } = jsonOf(schema)
  if (type !== 'string' || (typeof data !== 'number' && typeof data !== 'boolean')) return false
  return typeof pattern !== 'string' || new RegExp(pattern, 'u').test(String(data))
}

function wrongConstant(error: ErrorObject, allowed: readonly string[]): Finding {
  const { data } = error
  const guess = typeof data === 'string' ? didYouMean(data, allowed) : undefined
  const list = allowed.length === 1 ? `must be ${allowed[0]}` : `must be one of ${allowed.join(', ')}`
  const message = guess !== undefined && allowed.length > 12 ? `"${shortened(data)}" is not allowed here` : list
  return { ...value(error, message, guess), needsQuotes: typeof data !== 'string' && allowed.includes(String(data)) }
}

/** What is wrong with a value of the right type. */
function valueWords(error: ErrorObject): string {
  const { keyword, params, data, parentSchema } = error
  const bound = String(params['limit'])
  switch (keyword) {
    case 'pattern':
      return `"${shortened(data)}" is not ${withArticle(nounOf(parentSchema))}`
    case 'minimum':
      return `must be at least ${bound}`
    case 'maximum':
      return `must be at most ${bound}`
    case 'exclusiveMinimum':
      return `must be more than ${bound}`
    case 'exclusiveMaximum':
      return `must be less than ${bound}`
    case 'minLength':
      return bound === '1' ? 'the text is empty' : `must have at least ${bound} characters`
    case 'maxLength':
      return `must have at most ${bound} characters`
    case 'minItems':
      return bound === '1' ? 'the list is empty' : `at least ${bound} items are needed`
    case 'maxItems':
      return `at most ${bound} items are allowed`
    case 'minProperties':
      return bound === '1' ? 'at least one key is needed here' : `at least ${bound} keys are needed here`
    case 'maxProperties':
      return `at most ${bound} keys are allowed here`
    case 'uniqueItems':
      return 'the same item stands twice in this list'
    case 'dependentRequired':
    case 'dependencies':
      return `"${params['property']}" needs "${params['missingProperty']}" beside it`
    default:
      return `not allowed here: ${error.message ?? keyword}`
  }
}

function value(error: ErrorObject, message: string, hint?: string): Finding {
  return { kind: 'value', path: pathOf(error), key: '', message, hint, needsQuotes: false }
}

const keysAndValues = 'keys and values'

const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'true or false',
  array: 'list',
  object: keysAndValues,
}

/** The noun of what a schema asks for: its title, or the kind of value. */
function nounOf(schema: unknown): string {
  const { title, type, const: constant } = jsonOf(schema)
  if (type === 'object') return keysAndValues
  if (typeof title === 'string') return title
  if (constant !== undefined) return String(constant)
  const types: readonly unknown[] = Array.isArray(type) ? type : [type]
  return types.map((one) => nouns[String(one)] ?? 'other value').join(' or ')
}

function withArticle(noun: string): string {
  if (noun === keysAndValues || noun === nouns['boolean']) return noun
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`
}

function pathOf(error: ErrorObject): Path {
  const steps = error.instancePath.split('/').slice(1)
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function shortened(data: unknown): string {
  const text = String(data)
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
