/** A cable between two devices, as one of them tells of it. */
export interface Link {
  readonly device: string
  /** What the other calls itself, or is called. */
  readonly neighbour: string
}

/** What a device seems to hang on: each of its parents is enough. */
export interface Proposal {
  readonly device: string
  readonly parents: readonly string[]
}

/**
 * Pure: the devices in the order of their distance from `roots` (where siteward is plugged in), each with those of its
 * neighbours that are nearer. `nameOf` tells which device of the site a neighbour is; others are passed over.
 */
export function proposeDependencies(
  links: readonly Link[],
  roots: readonly string[],
  nameOf: (neighbour: string) => string | undefined,
): readonly Proposal[] {
  const known = new Map<string, Set<string>>()
  const join = (one: string, other: string): void => {
    known.set(one, (known.get(one) ?? new Set()).add(other))
  }
  for (const { device, neighbour } of links) {
    const other = nameOf(neighbour)
    if (other === undefined || other === device) continue
    join(device, other)
    join(other, device)
  }
  const distance = new Map(roots.map((root) => [root, 0]))
  for (const [device, steps] of distance) {
    for (const other of known.get(device) ?? []) if (!distance.has(other)) distance.set(other, steps + 1)
  }
  return [...distance].flatMap(([device, steps]) => {
    const nearer = [...(known.get(device) ?? [])].filter((other) => (distance.get(other) ?? steps) < steps)
    return nearer.length === 0 ? [] : [{ device, parents: nearer.sort() }]
  })
}

/** The device that has most cables, of those that hang on nothing: the likely root where nobody names one. */
export function likelyRoot(links: readonly Link[], free: ReadonlySet<string>): string | undefined {
  const counts = new Map<string, number>()
  for (const { device } of links) if (free.has(device)) counts.set(device, (counts.get(device) ?? 0) + 1)
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0]
}

/** Devices are called alike by people and by themselves but for case and domain: `Core-1.hospital.local` is core-1. */
export function plainName(name: string): string {
  return (name.split('.')[0] ?? '').trim().toLowerCase()
}
