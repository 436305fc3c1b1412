import { pageSize } from './page.ts'

const blockSize = 2 ** 20
const pagesOfBlock = blockSize / pageSize

/** Pages side by side in blocks of 1 MiB, made as they are needed, up to a limit. */
export class Arena {
  readonly #most: number
  readonly #blocks: Uint8Array[] = []
  readonly #free: number[] = []
  /** The page behind each in its chain; 0 for none, page n being n + 1. */
  readonly #next: Uint32Array
  #used = 0

  /** `bytes` is what all pages may take. */
  constructor(bytes: number) {
    this.#most = Math.floor(bytes / pageSize)
    this.#next = new Uint32Array(this.#most)
  }

  /** How many pages may be in use at once. */
  get most(): number {
    return this.#most
  }

  /** Pages in use. */
  get used(): number {
    return this.#used - this.#free.length
  }

  /** A page that nobody uses; undefined at the limit. */
  take(): number | undefined {
    const page = this.#free.pop() ?? (this.#used < this.#most ? this.#used++ : undefined)
    if (page === undefined) return undefined
    if (Math.floor(page / pagesOfBlock) >= this.#blocks.length) this.#blocks.push(new Uint8Array(blockSize))
    this.#next[page] = 0
    return page
  }

  giveBack(page: number): void {
    this.#free.push(page)
  }

  /** Gives all pages back. */
  clear(): void {
    this.#free.length = 0
    this.#used = 0
  }

  link(page: number, next: number): void {
    this.#next[page] = next + 1
  }

  next(page: number): number | undefined {
    const next = this.#next[page] ?? 0
    return next === 0 ? undefined : next - 1
  }

  /** Where a page lies. */
  place(page: number): { readonly bytes: Uint8Array; readonly at: number } {
    const bytes = this.#blocks[Math.floor(page / pagesOfBlock)]
    if (bytes === undefined) throw new RangeError(`no page ${page}`)
    return { bytes, at: (page % pagesOfBlock) * pageSize }
  }
}
