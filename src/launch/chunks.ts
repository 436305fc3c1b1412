import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'

/** What stands around the text of a chunk: V8's cache is of just the text that is in the file. */
export const wrapper = {
  before: '(function (exports, require, module, __filename, __dirname) {',
  after: '})',
} as const

/** How a chunk asks for another one: `require('chunk:net-snmp')`. */
export const chunkPrefix = 'chunk:'

type Body = (
  exports: object,
  require: (id: string) => unknown,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void

/** A chunk that has been asked for. */
interface Loaded {
  readonly module: { exports: object }
  /** What V8 makes a cache of. */
  readonly script: Script
}

/**
 * By what V8 multiplies the space of new objects when much of it stays in use: not at all while siteward starts, when
 * nearly everything stays; by V8's own two from then on.
 */
const newSpaceGrowth = { starting: 1, started: 2 } as const

/**
 * How far V8 lets the heap grow between two collections, in per cent of what is in use. Left to itself it grows to four
 * times that: the daemon lives long, makes the same garbage at each poll, and shares a small machine. V8 reads this and the
 * other one whenever it has collected, and nowhere else (src/heap/heap-controller.cc and new-spaces.cc of V8 11.3), so that
 * it does not matter that it runs already.
 */
const heapGrowth = 30

/**
 * The files that `npm run build` makes of siteward and its libraries: NAME.cjs, and NAME.cache with what V8 has compiled
 * of it. Another version of Node, or one with options for V8, does not take the cache, and starts more slowly.
 */
export class Chunks {
  readonly #folder: string
  readonly #require: NodeJS.Require
  readonly #loaded = new Map<string, Loaded>()
  #growth: number = newSpaceGrowth.starting

  constructor(folder: string) {
    this.#folder = folder
    this.#require = createRequire(join(folder, 'cli.cjs'))
    setFlagsFromString(`--heap-growing-percent=${heapGrowth}`)
    setNewSpaceGrowth(this.#growth)
  }

  /** From now on as much memory is taken for new objects as they need. */
  settle(): void {
    this.#growth = newSpaceGrowth.started
    setNewSpaceGrowth(this.#growth)
  }

  /** What a chunk exports; it runs when it is first asked for. */
  load(name: string): object {
    const known = this.#loaded.get(name)
    if (known !== undefined) return known.module.exports
    const file = join(this.#folder, `${name}.cjs`)
    const script = this.#asAtTheStart(
      () => new Script(readFileSync(file, 'utf8'), { filename: file, cachedData: this.#cache(name) }),
    )
    const module = { exports: {} }
    this.#loaded.set(name, { module, script })
    const require = (id: string): unknown =>
      id.startsWith(chunkPrefix) ? this.load(id.slice(chunkPrefix.length)) : this.#require(id)
    const body: Body = script.runInThisContext()
    body(module.exports, require, module, file, this.#folder)
    return module.exports
  }

  /** A new cache of each chunk that has run: of what V8 has compiled of it by now. */
  caches(): ReadonlyMap<string, Buffer> {
    return this.#asAtTheStart(
      () => new Map([...this.#loaded].map(([name, { script }]) => [name, script.createCachedData()])),
    )
  }

  /** V8 takes no cache that was made with other flags. */
  #asAtTheStart<T>(run: () => T): T {
    setNewSpaceGrowth(newSpaceGrowth.starting)
    try {
      return run()
    } finally {
      setNewSpaceGrowth(this.#growth)
    }
  }

  #cache(name: string): Buffer | undefined {
    try {
      return readFileSync(join(this.#folder, `${name}.cache`))
    } catch {
      return undefined
    }
  }
}

function setNewSpaceGrowth(factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}
