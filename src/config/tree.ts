import type { Place } from '../model/place.ts'

/** Keys and indexes from the top of a file down to a value. */
export type Path = ReadonlyArray<string | number>

/** A YAML file as plain data that remembers where each part of it was written. */
export interface Tree {
  readonly file: string
  readonly data: Readonly<Record<string, unknown>>
  /** Where a value stands; where the nearest thing around it stands, if there is none. */
  at(path: Path): Place
  /** Where the key of a value stands (for an item of a list, the item). */
  keyAt(path: Path): Place
  /** A value as it was written, e.g. `1.30` for the number 1.3. */
  written(path: Path): string
}

/** Offsets of a key (or item) and of the value's beginning and end. */
export interface Spot {
  readonly key: number
  readonly from: number
  readonly to: number
}

/** Where that stands which is in a mapping (by key) or list (by index). */
export type Spots = WeakMap<object, Map<string | number, Spot>>

/** What a tree is made of. */
export interface Placed {
  readonly file: string
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
  readonly root: Spot
  readonly spots: Spots
  place(offset: number): Place
}

/** The tree of a text whose parts are placed. */
export class PlacedTree implements Tree {
  readonly #placed: Placed

  constructor(placed: Placed) {
    this.#placed = placed
  }

  get file(): string {
    return this.#placed.file
  }

  get data(): Readonly<Record<string, unknown>> {
    return this.#placed.data
  }

  at(path: Path): Place {
    return this.#placed.place(this.#spot(path).from)
  }

  keyAt(path: Path): Place {
    return this.#placed.place(this.#spot(path).key)
  }

  written(path: Path): string {
    const { from, to } = this.#spot(path)
    return this.#placed.text.slice(from, to)
  }

  #spot(path: Path): Spot {
    let spot = this.#placed.root
    let data: unknown = this.data
    for (const key of path) {
      const next = isHolder(data) ? this.#placed.spots.get(data)?.get(keyIn(data, key)) : undefined
      if (next === undefined) break
      spot = next
      data = Reflect.get(Object(data), key)
    }
    return spot
  }
}

/** Where the values of these keys of a mapping stand (for others the mapping), of a tree that is not kept for it. */
export function placesOf(tree: Tree, path: Path, keys: readonly string[]): (key: string) => Place {
  const places = new Map(keys.map((key) => [key, tree.at([...path, key])]))
  const around = tree.at([...path, ''])
  return (key) => places.get(key) ?? around
}

/** Whether it is a mapping or a list. */
export function isHolder(data: unknown): data is object {
  return typeof data === 'object' && data !== null
}

/** A key as spots have it. */
export function keyIn(holder: object, key: string | number): string | number {
  return Array.isArray(holder) ? Number(key) : String(key)
}
