import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Place } from '../model/place.ts'
import type { Files } from './files.ts'
import { unpack } from './packed.ts'
import type { Problems } from './problems.ts'
import { readText } from './text.ts'
import { type Placed, PlacedTree, type Spot, type Spots, type Tree } from './tree.ts'

/** No file of ours is deeper than a dozen. */
const deepest = 40

/**
 * How many values aliases may add to a file. yaml's own `maxAliasCount` would refuse the 101st device that shares one
 * anchor, and aliases of aliases grow by powers; counting what they add bounds both.
 */
const mostFromAliases = 100_000

/** Keys that mean something to JavaScript's objects: no name of ours, and a danger to whoever copies them. */
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

/** Reads a YAML file; undefined, with the problems, where it is no YAML mapping. */
export async function readTree(
  file: string,
  files: Files,
  problems: Problems,
  parse: ParseTree = parseHere,
): Promise<Tree | undefined> {
  const text = await readText(file, files, problems)
  return text === undefined ? undefined : treeOf(text, file, files, problems, parse)
}

/** The same of a text that was read already. */
export async function treeOf(
  text: string,
  file: string,
  files: Files,
  problems: Problems,
  parse: ParseTree = parseHere,
): Promise<Tree | undefined> {
  const packed = files.packed?.(file, text)
  const isTree = packed !== undefined && 'spots' in packed
  return isTree ? new PlacedTree(unpack(packed, file)) : parse(text, file, problems)
}

/** Parses YAML, in whatever thread; undefined, with the problems, where it is no YAML mapping. */
export type ParseTree = (text: string, file: string, problems: Problems) => Promise<Tree | undefined>

/** At once, where nothing else waits. */
export const parseHere: ParseTree = async (text, file, problems) => parseTree(text, file, problems)

/** Text to data; undefined where the text is no YAML mapping. Problems are added, each at its place. */
export function parseTree(text: string, file: string, problems: Problems): Tree | undefined {
  const placed = parse(text, file, problems)
  return placed === undefined ? undefined : new PlacedTree(placed)
}

/** The same, with all that a tree is made of. */
export function parse(text: string, file: string, problems: Problems): Placed | undefined {
  const lines = new LineCounter()
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const before = problems.mistakes
  const directive = /^%YAML/m.exec(text.slice(0, Math.max(0, text.indexOf('\n---') + 1)))
  if (directive !== null) {
    problems.add({ file, line: text.slice(0, directive.index).split('\n').length, column: 1 }, ...noDirective)
    return undefined
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    resolveKnownTags: false,
    // 'silent' would also pass over a second document.
    logLevel: 'error',
  })
  tellSyntax([...document.errors, ...document.warnings], place, problems)
  if (problems.mistakes > before) return undefined
  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) {
    problems.add({ file, line: 1, column: 1 }, 'the file is empty')
    return undefined
  }
  if (!isMap(root)) {
    problems.add(place(root.range[0]), 'keys and values (key: value) are needed at the top of the file')
    return undefined
  }
  const builder = new Builder(place, problems)
  const data = builder.map(root, 0)
  if (problems.mistakes > before) return undefined
  return { file, text, data, root: spotOf(root, root), spots: builder.spots, place }
}

const noDirective = [
  'a %YAML directive is not allowed',
  'it would change the meaning of yes, no, 010 and 12:30; delete the line',
] as const

/** yaml's findings in our words; of syntax errors only the first, since the others mostly follow from it. */
function tellSyntax(errors: readonly YAMLError[], place: (offset: number) => Place, problems: Problems): void {
  const doubled = errors.filter((error) => error.code === 'DUPLICATE_KEY')
  for (const error of doubled) problems.add(place(error.pos[0]), 'this key is written twice', 'delete one of them')
  const [first] = errors.filter((error) => error.code !== 'DUPLICATE_KEY')
  if (first === undefined) return
  const [message, hint] = syntaxWords[first.code] ?? [
    `not YAML: ${firstLine(first.message)}`,
    'look at the indentation, quotes and brackets before',
  ]
  const at = place(first.pos[0])
  // Where the stack ends differs from run to run.
  problems.add(first.code === 'RESOURCE_EXHAUSTION' ? { ...at, column: 1 } : at, message, hint)
}

const syntaxWords: Readonly<Partial<Record<YAMLError['code'], readonly [string, string | undefined]>>> = {
  TAB_AS_INDENT: ['a tab stands where blanks are needed', 'indent with blanks'],
  MULTIPLE_DOCS: ['a second document begins here', 'one file is one document: delete the line ---'],
  TAG_RESOLVE_FAILED: ['a tag (!...) is not allowed', 'delete it'],
  BAD_ALIAS: ['this alias names nothing', 'its anchor (&name) must stand before it'],
  RESOURCE_EXHAUSTION: ['lists and keys are nested too deep', undefined],
  BAD_DIRECTIVE: ['a directive (%...) is not allowed', 'delete the line'],
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.slice(0, 200) ?? ''
}

/** Nodes to plain data, noting where each part stands. */
class Builder {
  readonly spots: Spots = new WeakMap()
  readonly #anchors = new Map<string, ParsedNode>()
  readonly #place: (offset: number) => Place
  readonly #problems: Problems
  #fromAliases = 0
  #insideAliases = 0
  #stopped = false

  constructor(place: (offset: number) => Place, problems: Problems) {
    this.#place = place
    this.#problems = problems
  }

  map(node: YAMLMap.Parsed, depth: number): Record<string, unknown> {
    const data: Record<string, unknown> = {}
    const spots = new Map<string | number, Spot>()
    this.spots.set(data, spots)
    const merged: ParsedNode[] = []
    for (const { key, value } of node.items) {
      if (isScalar(key) && typeof key.value === 'symbol') {
        if (value !== null) merged.push(value)
        continue
      }
      const name = this.#key(key)
      if (name === undefined) continue
      if (spots.has(name)) this.#stop(key.range[0], `"${name}" is written twice`, 'delete one of them')
      data[name] = this.#value(value, depth + 1)
      spots.set(name, spotOf(key, this.#target(value)))
    }
    for (const source of merged) this.#merge(source, data, spots, depth)
    if (node.anchor !== undefined) this.#remember(node.anchor, node)
    return data
  }

  #key(key: ParsedNode): string | undefined {
    const value = isScalar(key) ? key.value : undefined
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      this.#problems.add(this.#place(key.range[0]), 'a key is a name or a number', 'put quotes around it')
      return undefined
    }
    const name = String(value)
    if (!forbiddenKeys.has(name)) return name
    this.#problems.add(this.#place(key.range[0]), `the key "${name}" is not allowed`)
    return undefined
  }

  /** Keys of a merged mapping (`<<: *anchor`) stand back behind those that are written, and earlier before later. */
  #merge(source: ParsedNode, data: Record<string, unknown>, spots: Map<string | number, Spot>, depth: number): void {
    const target = this.#target(source)
    if (isSeq(target)) {
      for (const item of target.items) this.#merge(item, data, spots, depth)
      return
    }
    if (!isMap(target)) {
      this.#stop(source.range[0], 'only keys and values can be merged by <<', 'name an anchor of a mapping: <<: *name')
      return
    }
    const extra = this.#value(source, depth + 1)
    if (typeof extra !== 'object' || extra === null) return
    for (const [name, spot] of this.spots.get(extra) ?? []) {
      if (spots.has(name)) continue
      data[name] = Reflect.get(extra, name)
      spots.set(name, spot)
    }
  }

  #seq(node: YAMLSeq.Parsed, depth: number): unknown[] {
    const data: unknown[] = []
    const spots = new Map<string | number, Spot>()
    this.spots.set(data, spots)
    for (const item of node.items) {
      spots.set(data.length, spotOf(item, this.#target(item)))
      data.push(this.#value(item, depth + 1))
    }
    if (node.anchor !== undefined) this.#remember(node.anchor, node)
    return data
  }

  #value(node: ParsedNode | null, depth: number): unknown {
    if (node === null || this.#stopped) return null
    if (depth > deepest) return this.#stop(node.range[0], 'lists and keys are nested too deep')
    if (this.#insideAliases > 0 && ++this.#fromAliases > mostFromAliases) {
      return this.#stop(node.range[0], 'aliases make more than 100,000 values of this file', 'use fewer aliases')
    }
    if (isAlias(node)) return this.#alias(node, depth)
    if (isMap(node)) return this.map(node, depth)
    if (isSeq(node)) return this.#seq(node, depth)
    return this.#scalar(node)
  }

  #alias(node: Alias.Parsed, depth: number): unknown {
    const target = this.#anchors.get(node.source)
    if (target === undefined) {
      const [message, hint] = [`*${node.source} names nothing`, `its anchor &${node.source} must stand before it`]
      return this.#stop(node.range[0], message, hint)
    }
    this.#insideAliases++
    const data = this.#value(target, depth)
    this.#insideAliases--
    return data
  }

  #scalar(node: Scalar.Parsed): unknown {
    if (node.anchor !== undefined) this.#remember(node.anchor, node)
    const { value } = node
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return this.#stop(node.range[0], 'not a finite number', 'write a number, or leave the key out')
    }
    if (typeof value === 'string' && (/[^\P{Cc}\t\n\r]/u.test(value) || !value.isWellFormed())) {
      return this.#stop(node.range[0], 'a text may not hold control characters')
    }
    return typeof value === 'symbol' ? '<<' : value
  }

  /** Anchors count in the order of the text; a part of an alias is no new anchor. */
  #remember(anchor: string, node: ParsedNode): void {
    if (this.#insideAliases === 0) this.#anchors.set(anchor, node)
  }

  #target(node: ParsedNode | null): ParsedNode | null {
    return isAlias(node) ? (this.#anchors.get(node.source) ?? node) : node
  }

  #stop(offset: number, message: string, hint?: string): null {
    if (!this.#stopped) this.#problems.add(this.#place(offset), message, hint)
    this.#stopped = true
    return null
  }
}

function spotOf(key: ParsedNode, value: ParsedNode | null): Spot {
  const [from, to] = value === null ? [key.range[1], key.range[1]] : value.range
  return { key: key.range[0], from, to }
}
