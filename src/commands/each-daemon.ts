import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import type { Site } from '../model/site.ts'
import type { Io } from './command.ts'
import { DaemonError, type DaemonValues, daemonOptions, findDaemon, type RunningDaemon } from './operate.ts'

/** What every command takes that speaks with all sitewards of a site. */
export const eachOptions = { ...daemonOptions, url: { type: 'string', multiple: true } } as const

/** How these options stand in a command's usage. */
export const eachUsage = `  --config FILE      the site file of a siteward on this machine: where it listens, and its local token; where the file
                     names several \`sitewards:\`, it goes to each of them
  --url URL          where siteward is instead, as https://siteward.example:9879; may stand several times
  --token-file FILE  the operator's token; also by SITEWARD_TOKEN_FILE or SITEWARD_TOKEN in the environment
  --ca-file FILE     the authority that vouches for siteward's certificate, where the system knows it not
`

type EachValues = Omit<DaemonValues, 'url'> & { readonly url?: readonly string[] | undefined }

/** All sitewards that a command is for. Problems of a site file are printed, and then there are none. */
export async function findEach(values: EachValues, io: Io): Promise<readonly RunningDaemon[] | undefined> {
  const { url: urls = [], ...rest } = values
  if (urls.length > 0)
    return everyOne(
      urls.map((url) => ({ ...rest, url })),
      io,
    )
  const own = await findDaemon({ ...rest, url: undefined }, io)
  if (own?.site === undefined || own.site.sitewards.length === 0) return own === undefined ? undefined : [own]
  const elsewhere: string[] = []
  for (const url of own.site.sitewards) if (!(await isHere(url, own.site))) elsewhere.push(url.href)
  // The local token is for this machine's siteward alone: the others get an operator's, or none.
  const others = await everyOne(
    elsewhere.map((url) => ({ ...rest, config: undefined, url })),
    io,
  )
  const isOneOfThem = elsewhere.length < own.site.sitewards.length
  return others === undefined ? undefined : [...(isOneOfThem ? [own] : []), ...others]
}

async function everyOne(all: readonly DaemonValues[], io: Io): Promise<readonly RunningDaemon[] | undefined> {
  const found: RunningDaemon[] = []
  for (const values of all) {
    const daemon = await findDaemon(values, io)
    if (daemon === undefined) return undefined
    found.push(daemon)
  }
  return found
}

/** Whether an address is that of the siteward of this machine which the site file is of. */
async function isHere({ hostname, port, protocol }: URL, { listen }: Site): Promise<boolean> {
  if (Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port) !== listen.port) return false
  const own = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)))
  try {
    const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true })
    return found.some(({ address }) => own.has(address))
  } catch {
    return false
  }
}

/** What became of something at one siteward; `problem` is what is wrong with it all the same. */
export interface Told {
  readonly text: string
  readonly problem?: string
}

/**
 * Does something at each siteward, whatever became of it at the others, and says where it could not be done. Of several
 * sitewards each line says which it is of. One that waits for the lease of another is passed over: what the holder was
 * told it finds in the state folder that they share. The exit status: 0 when all took it that do not stand by.
 */
export async function atEach(
  command: string,
  daemons: readonly RunningDaemon[],
  io: Io,
  done: (daemon: RunningDaemon) => Promise<Told>,
): Promise<number> {
  let status = 0
  let waiting = 0
  for (const daemon of daemons) {
    const where = daemons.length === 1 ? '' : `${daemon.url.origin}: `
    const fail = (why: string): void => {
      io.err.write(`siteward ${command}: ${where}${why}\n`)
      status = 1
    }
    try {
      const { text, problem } = await done(daemon)
      io.out.write(text.replace(/^(?=.)/gm, where))
      if (problem !== undefined) fail(problem)
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error
      if (!error.standsBy) fail(error.message)
      else if (++waiting < daemons.length) io.out.write(`${where}stands by\n`)
      else fail('it stands by, and no other that was asked holds the lease')
    }
  }
  return status
}
