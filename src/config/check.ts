import { Ajv, type Options, type ValidateFunction } from 'ajv'
import type { Static, TSchema } from 'typebox'
import { secretKeyword } from '../model/secret-schema.ts'
import { describeErrors, type Finding } from './findings.ts'
import { isJson, type Json, jsonOf } from './json.ts'
import { Problems } from './problems.ts'
import { quickChecks } from './quick-checks.ts'
import type { Path, Tree } from './tree.ts'

/** Where the data to check stands. */
export interface Spot {
  readonly tree: Tree
  readonly path: Path
}

/**
 * Data proved to be of the schema's type, with its defaults filled in; undefined, with the problems, where it is not.
 * `elsewhere` are keys that another schema allows at the same place: names that may have been meant.
 */
export type Check<T> = (data: unknown, spot: Spot, problems: Problems, elsewhere?: readonly string[]) => T | undefined

/** No coercion: `oid: 1.30` is a number that lost its zero, and only the person who wrote it can put the quotes. */
const strict = { strict: true, allowUnionTypes: true, ownProperties: true, useDefaults: true } as const

/** ajv with siteward's keyword. */
export function ajvWith(options: Options): Ajv {
  const ajv = new Ajv({ ...strict, ...options })
  ajv.addKeyword({ keyword: secretKeyword, schemaType: 'boolean' })
  return ajv
}

/** Made when it is first needed: it takes a while. */
let ajv: Ajv | undefined

/** The schemas of all checks by name: build.ts makes quick checks of them. */
export const schemas = new Map<string, TSchema>()

/**
 * Makes the check of a schema, under a name that no other has. An unknown key is told and then passed over, so that the
 * rest is still checked for its meaning in the same run.
 */
export function checkOf<S extends TSchema>(name: string, schema: S): Check<Static<S>> {
  schemas.set(name, schema)
  let isRight: ((data: unknown) => boolean) | undefined
  let compiled: ValidateFunction<Static<S>> | undefined
  return (data, spot, problems, elsewhere = []) => {
    isRight ??= quickChecks[name]?.()
    if (isRight?.(data) === true) return data as Static<S>
    ajv ??= ajvWith({ allErrors: true, verbose: true, messages: true })
    compiled ??= ajv.compile<Static<S>>(closeObjects(schema))
    if (compiled(data)) return data
    const findings = describeErrors(compiled.errors ?? [], elsewhere)
    for (const finding of findings) tell(finding, spot, problems)
    if (!findings.every((finding) => finding.kind === 'unknown key')) return undefined
    for (const { path, key } of findings) removeKey(data, path, key)
    return compiled(data) ? data : undefined
  }
}

/**
 * What is right of the top of a file that has mistakes, so that what is below it is checked in the same run. `standIn`
 * is taken for what is missing or wrong; without a right `needed` there is nothing below.
 */
export function salvage<T>(check: Check<T>, data: Json, spot: Spot, standIn: Json, needed: string): T | undefined {
  let kept = standIn
  for (const [key, value] of Object.entries(data)) {
    const next = { ...kept, [key]: value }
    const found = new Problems()
    check({ ...next }, spot, found)
    if (found.mistakes === 0) kept = next
  }
  return kept[needed] === data[needed] ? check({ ...kept }, spot, new Problems()) : undefined
}

function tell(finding: Finding, { tree, path }: Spot, problems: Problems): void {
  const at = [...path, ...finding.path]
  switch (finding.kind) {
    case 'unknown key':
    case 'bad key':
      problems.add(tree.keyAt([...at, finding.key]), finding.message, finding.hint)
      return
    case 'missing key':
      problems.add(tree.keyAt(at), finding.message, finding.hint)
      return
    case 'value':
      // As it was written: 1.30 and 0123 have already lost digits as numbers.
      problems.add(
        tree.at(at),
        finding.message,
        finding.needsQuotes ? `put quotes around it: "${tree.written(at)}"` : finding.hint,
      )
      return
  }
}

function removeKey(data: unknown, path: Path, key: string): void {
  let holder = data
  for (const step of path) holder = Reflect.get(Object(holder), step)
  Reflect.deleteProperty(Object(holder), key)
}

/** The schema with every object closed that says nothing of further keys: a misspelt key must never pass. */
export function closeObjects(schema: object): Json {
  const copy: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties' || keyword === 'patternProperties') copy[keyword] = closeEach(value)
    else if (keyword === 'items' || keyword === 'additionalProperties') copy[keyword] = closeAny(value)
    else if (keyword === 'anyOf' || keyword === 'oneOf')
      copy[keyword] = Array.isArray(value) ? value.map(closeAny) : value
    else copy[keyword] = value
  }
  const named = copy['properties'] !== undefined || copy['patternProperties'] !== undefined
  const open = named && copy['additionalProperties'] === undefined
  return open && copy['allOf'] === undefined ? { ...copy, additionalProperties: false } : copy
}

function closeEach(value: unknown): unknown {
  return Object.fromEntries(Object.entries(jsonOf(value)).map(([key, schema]) => [key, closeAny(schema)]))
}

function closeAny(value: unknown): unknown {
  return isJson(value) ? closeObjects(value) : value
}
