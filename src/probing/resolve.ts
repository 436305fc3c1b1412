import { Resolver } from 'node:dns/promises'

/** Two questions of two seconds: a scrape has ten seconds as a rule. */
const resolver = new Resolver({ timeout: 2000, tries: 2 })

/**
 * The first IPv4 address of a name, asked of the name servers without a thread of the process: these few belong to files
 * and to the names of devices, and names that a client makes up must not take them. Undefined where it has none.
 */
export async function addressOfHost(name: string): Promise<string | undefined> {
  try {
    const [first] = await resolver.resolve4(name)
    return first
  } catch {
    return undefined
  }
}
