import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { diskFiles } from '../../src/config/files.ts'
import { pack, unpack } from '../../src/config/packed.ts'
import { Problems } from '../../src/config/problems.ts'
import { type Placed, PlacedTree } from '../../src/config/tree.ts'
import { parse } from '../../src/config/yaml.ts'
import { shipped } from '../../src/home.ts'

const files = (await diskFiles.list(shipped('probes'))).concat(shipped('config', 'metrics.yaml'))

function placedIn(text: string, file: string): Placed {
  const placed = parse(text, file, new Problems())
  if (placed === undefined) throw new Error(`${file} is no YAML`)
  return placed
}

/** Every path of the data, with its places and how it was written. */
function places(placed: Placed): readonly unknown[] {
  const tree = new PlacedTree(placed)
  const down = (path: readonly string[], data: unknown): readonly unknown[] => {
    const inner = typeof data === 'object' && data !== null ? Object.entries(data) : []
    const own = [path.join('/'), tree.at(path), tree.keyAt(path), tree.written(path)]
    return [own, ...inner.flatMap(([key, value]) => down([...path, key], value))]
  }
  return down([], tree.data)
}

test.each(files)('what is packed of %s has the same data and places', (file) => {
  const placed = placedIn(readFileSync(file, 'utf8'), file)
  const unpacked = unpack(JSON.parse(JSON.stringify(pack(placed))), file)
  expect(unpacked.data).toEqual(placed.data)
  expect(places(unpacked)).toEqual(places(placed))
})

test('what is written twice by an alias stands where it was written', () => {
  const text = '\nbase: &base { a: [1, 2] }\nother:\n  <<: *base\n  10: x\n  2: y\nlast: *base\n'
  const placed = placedIn(text, 'a.yaml')
  expect(places(unpack(pack(placed), 'a.yaml'))).toEqual(places(placed))
})
