import { lookup } from 'node:dns/promises'

/** The first IPv4 address of a name, by the machine's own resolver; undefined where it has none. */
export async function addressOfHost(name: string): Promise<string | undefined> {
  try {
    return (await lookup(name, { family: 4 })).address
  } catch {
    return undefined
  }
}
