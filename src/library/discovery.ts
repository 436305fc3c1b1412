import { stringify } from 'yaml'
import { nameAt } from './draft.ts'

/** What a sweep came upon at one address. */
export type Found =
  | { readonly kind: 'known'; readonly address: string; readonly device: string }
  | {
      readonly kind: 'new'
      readonly address: string
      readonly credential: string | undefined
      /** What it says of itself, in one line; empty where it says nothing. */
      readonly description: string
      /** The probes to read it by; empty where none fits. */
      readonly probes: readonly string[]
    }
  | { readonly kind: 'open'; readonly address: string; readonly port: number; readonly protocol: string }

/** Pure: what was found as rows for people: address, what it is, what it says. */
export function foundRows(found: readonly Found[]): readonly (readonly string[])[] {
  return found.map(rowOf)
}

function rowOf(one: Found): readonly string[] {
  const { address } = one
  switch (one.kind) {
    case 'known':
      return [address, `known: ${one.device}`, '']
    case 'open':
      return [address, `listens on ${one.port}`, `ask it: siteward identify ${address} --protocol ${one.protocol}`]
    case 'new':
      return [
        address,
        one.probes.length === 0 ? 'new, no probe fits' : `new: ${one.probes.join(', ')}`,
        one.description,
      ]
  }
}

/** Pure: entries for the site file, of what is new and has a probe; empty where there is none. */
export function proposedEntries(found: readonly Found[]): string {
  const entries = found.flatMap((one) => {
    if (one.kind !== 'new' || one.probes.length === 0) return []
    const { address, credential, probes } = one
    const entry = {
      name: nameAt(address),
      address,
      ...(credential === undefined ? {} : { credentials: credential }),
      probes,
    }
    return [`  - ${stringify(entry, { collectionStyle: 'flow', lineWidth: 0 }).trim()}`]
  })
  return entries.length === 0 ? '' : `devices:\n${entries.join('\n')}\n`
}
