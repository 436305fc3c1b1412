/** Function codes of the four reads (Modbus Application Protocol V1.1b3, 6.1-6.4); siteward has no others. */
export type ReadCode = 1 | 2 | 3 | 4

/** Consecutive registers or bits of one unit: what one request asks for. */
export interface Range {
  readonly unit: number
  readonly code: ReadCode
  readonly start: number
  readonly count: number
}

/** Whether all of a part lies within a range. */
export function covers({ unit, code, start, count }: Range, part: Range): boolean {
  return unit === part.unit && code === part.code && start <= part.start && part.start + part.count <= start + count
}

/** One request and the parts for which it is made. */
export interface Block<Part extends Range> extends Range {
  readonly parts: readonly Part[]
}

/** Limits in registers; of coils and discrete inputs, 16 fit into a register's place. */
export interface Limits {
  /** The most addresses that nobody asked for and that may be read along to save a request. */
  readonly gap: number
  /** The most registers in one request, 125 by the protocol. */
  readonly block: number
}

/** Merges ranges into few requests, never across units or function codes. Every part is whole in one block. */
export function merge<Part extends Range>(parts: readonly Part[], limits: Limits): readonly Block<Part>[] {
  const blocks: Block<Part>[] = []
  for (const part of [...parts].sort(byPlace)) {
    const last = blocks.at(-1)
    const joined = last === undefined ? undefined : join(last, part, limits)
    if (joined === undefined) blocks.push(blockOf([part]))
    else blocks[blocks.length - 1] = joined
  }
  return blocks
}

/**
 * What to read in place of a block that the device refuses: without the gaps first, then in halves, down to single
 * ranges. Undefined when it is one range already. Halves, since one bad register among sixty costs six requests more
 * and not sixty; and since some devices only refuse long blocks.
 */
export function split<Part extends Range>(block: Block<Part>): readonly Block<Part>[] | undefined {
  const runs = merge(block.parts, { gap: 0, block: block.count })
  if (runs.length > 1) return runs
  const ranges = distinct(block.parts)
  if (ranges.length < 2) return undefined
  const half = Math.ceil(ranges.length / 2)
  return [blockOf(ranges.slice(0, half).flat()), blockOf(ranges.slice(half).flat())]
}

function byPlace(a: Range, b: Range): number {
  return a.unit - b.unit || a.code - b.code || a.start - b.start || a.count - b.count
}

function join<Part extends Range>(block: Block<Part>, part: Part, limits: Limits): Block<Part> | undefined {
  if (block.unit !== part.unit || block.code !== part.code) return undefined
  const perRegister = block.code <= 2 ? 16 : 1
  const end = block.start + block.count
  if (part.start - end > limits.gap * perRegister) return undefined
  const joined = blockOf([...block.parts, part])
  return joined.count <= limits.block * perRegister ? joined : undefined
}

function blockOf<Part extends Range>(parts: readonly Part[]): Block<Part> {
  const [first] = parts
  if (first === undefined) throw new Error('a block has parts')
  const start = Math.min(...parts.map((part) => part.start))
  const end = Math.max(...parts.map((part) => part.start + part.count))
  return { unit: first.unit, code: first.code, start, count: end - start, parts }
}

/** Parts of the same range stay together: the bits of one register are one read. */
function distinct<Part extends Range>(parts: readonly Part[]): readonly (readonly Part[])[] {
  const groups = new Map<string, Part[]>()
  for (const part of parts) {
    const key = `${part.start} ${part.count}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [part])
    else group.push(part)
  }
  return [...groups.values()]
}
