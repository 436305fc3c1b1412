import { type ASTNode, Environment } from '@marcbachmann/cel-js'

/** What a variable of an expression holds: a number or the name of a state, or a list of them. */
export type VariableKind = 'number' | 'state' | 'numbers' | 'states'

/** What a variable may be given. */
export type VariableValue = number | string | readonly number[] | readonly string[]

/** A compiled expression over named variables; it has no side effects and always ends. */
export interface Expression {
  /** As it was written. */
  readonly source: string
  /** The kind of its result, as its types tell. */
  readonly result: 'number' | 'boolean' | 'state'
  /** The variables that it uses. */
  readonly variables: readonly string[]
  /** The texts in quotes in it: names of states. */
  readonly texts: readonly string[]
  /** Its value; null where there is none (0 / 0, the mean of an empty list). */
  evaluate(values: Readonly<Record<string, VariableValue>>): number | string | boolean | null
}

/** The most values of one list: nested loops are refused, so that the work stays below nodes times this. */
export const longestList = 1000

const celTypes: Readonly<Record<VariableKind, string>> = {
  number: 'double',
  state: 'string',
  numbers: 'list<double>',
  states: 'list<string>',
}

const resultKinds: Readonly<Record<string, Expression['result']>> = {
  double: 'number',
  bool: 'boolean',
  string: 'state',
}

/**
 * Dew point in °C of air of `celsius` and relative humidity `ratio` (0 to 1), by the Magnus formula over water with the
 * coefficients of Sonntag 1990 (also WMO-No. 8): 17.62 and 243.12 °C, good from -45 °C to 60 °C.
 */
function dewPoint(celsius: number, ratio: number): number {
  const gamma = Math.log(ratio) + (17.62 * celsius) / (243.12 + celsius)
  return (243.12 * gamma) / (17.62 - gamma)
}

const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0)

/** The value in the middle; of an even number of values the mean of the two. NaN of none. */
export function median(list: readonly number[]): number {
  const sorted = Float64Array.from(list).sort()
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** All that an expression may call beside map, filter, all and exists. */
function environment(): Environment {
  const env = new Environment({
    limits: { maxAstNodes: 300, maxDepth: 40, maxListElements: 64, maxMapEntries: 0, maxCallArguments: 8 },
  })
  const ofList = (name: string, run: (list: readonly number[]) => number): void => {
    env.registerFunction(`${name}(list<double>): double`, run)
  }
  ofList('sum', sum)
  ofList('mean', (list) => sum(list) / list.length)
  ofList('median', median)
  ofList('min', (list) => (list.length === 0 ? Number.NaN : Math.min(...list)))
  ofList('max', (list) => (list.length === 0 ? Number.NaN : Math.max(...list)))
  ofList('count', (list) => list.length)
  env.registerFunction('count(list<string>): double', (list: readonly string[]) => list.length)
  const ofNumber = { abs: Math.abs, sqrt: Math.sqrt, exp: Math.exp, ln: Math.log, log10: Math.log10, round: Math.round }
  for (const [name, run] of Object.entries(ofNumber)) env.registerFunction(`${name}(double): double`, run)
  const ofTwo = { min: Math.min, max: Math.max, pow: Math.pow, dew_point: dewPoint }
  for (const [name, run] of Object.entries(ofTwo)) env.registerFunction(`${name}(double, double): double`, run)
  return env
}

let shared: Environment | undefined

const calls = new Set('sum mean median min max count abs sqrt exp ln log10 round pow dew_point'.split(' '))
const loops = new Set(['map', 'filter', 'all', 'exists'])
const operators = new Set('|| && == != < <= > >= in + - * / % !_ -_ ?: list'.split(' '))

/**
 * Compiles an expression of the Common Expression Language (CEL, https://cel.dev): its operators, the functions above and
 * one level of map, filter, all and exists. Every number is a floating-point one, so that 1 / 2 is 0.5. Returns the
 * message for the operator where it does not compile.
 */
export function compileExpression(source: string, variables: ReadonlyMap<string, VariableKind>): Expression | string {
  shared ??= environment()
  const env = shared.clone()
  for (const [name, kind] of variables) env.registerVariable(name, celTypes[kind])
  try {
    const text = withFloats(source)
    const parsed = env.parse(text)
    const forbidden = forbiddenIn(parsed.ast, false)
    if (forbidden !== undefined) return `${forbidden} is not allowed in an expression`
    const checked = env.check(text)
    if (!checked.valid) return summaryOf(checked.error)
    const result = resultKinds[String(checked.type)]
    if (result === undefined) return `it gives ${checked.type}, not a number, a state or a yes or no`
    const used = new Set(namesIn(parsed.ast))
    return {
      source,
      result,
      variables: [...variables.keys()].filter((name) => used.has(name)),
      texts: textsIn(parsed.ast),
      evaluate: (values) => outcome(parsed, values),
    }
  } catch (error) {
    return summaryOf(error)
  }
}

/** The names that an expression speaks of, whether they are known or not; none where it cannot be parsed. */
export function namesOf(source: string): readonly string[] {
  shared ??= environment()
  try {
    return [...new Set(namesIn(shared.clone().parse(withFloats(source)).ast))]
  } catch {
    return []
  }
}

function outcome(
  run: (values: Record<string, unknown>) => unknown,
  values: Readonly<Record<string, VariableValue>>,
): number | string | boolean | null {
  try {
    const value = run({ ...values })
    if (typeof value === 'number') return Number.isFinite(value) ? value : null
    return typeof value === 'string' || typeof value === 'boolean' ? value : null
  } catch {
    return null
  }
}

/** Texts in quotes, and numbers. */
const tokens = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?<![\w.])\d+(?:\.\d*)?(?:[eE][-+]?\d+)?(?![\w.])/g

/** Whole numbers as floating-point ones, outside of quotes: CEL's own 1 / 2 is 0, and 2 * 1.5 an error. */
function withFloats(source: string): string {
  return source.replace(tokens, (found) => (/^\d+$/.test(found) ? `${found}.0` : found))
}

function summaryOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'summary' in error) return String(error.summary)
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}

/** What in a syntax tree is none of our language, e.g. a call of an unknown function or a loop inside a loop. */
function forbiddenIn(node: ASTNode, inLoop: boolean): string | undefined {
  switch (node.op) {
    case 'id':
    case 'value':
      return undefined
    case 'call': {
      const [name, inner] = node.args
      return calls.has(name) ? first(inner, inLoop) : `the call of ${name}()`
    }
    case 'rcall': {
      const [name, receiver, inner] = node.args
      if (!loops.has(name)) return `the call of .${name}()`
      if (inLoop) return 'a loop inside a loop'
      return forbiddenIn(receiver, inLoop) ?? first(inner, true)
    }
    default: {
      if (!operators.has(node.op)) return `"${node.op}"`
      return first(childrenOf(node), inLoop)
    }
  }
}

function first(nodes: readonly ASTNode[], inLoop: boolean): string | undefined {
  for (const node of nodes) {
    const found = forbiddenIn(node, inLoop)
    if (found !== undefined) return found
  }
  return undefined
}

/** A list's nodes inside a node of any kind, whatever the shape of its arguments. */
function childrenOf({ args }: ASTNode): readonly ASTNode[] {
  return (Array.isArray(args) ? args : [args]).flat(2).filter(isNode)
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

function namesIn(node: ASTNode): readonly string[] {
  if (node.op === 'id') return [String(node.args)]
  return childrenOf(node).flatMap(namesIn)
}

function textsIn(node: ASTNode): readonly string[] {
  if (node.op === 'value') return typeof node.args === 'string' ? [node.args] : []
  return childrenOf(node).flatMap(textsIn)
}
