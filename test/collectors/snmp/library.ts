import snmp from 'net-snmp'
import { elementAt } from '../../../collectors/snmp/ber.ts'
import type { Varbind } from '../../../collectors/snmp/codec.ts'

/** A request of the library's that waits for its reply. */
interface Pending {
  readonly timer: NodeJS.Timeout
  readonly message: { community: string | undefined }
}

function communityOf(message: Buffer): string | undefined {
  const whole = elementAt(message, 0, message.length)
  const version = whole === undefined ? undefined : elementAt(message, whole.begin, message.length)
  const community = version === undefined ? undefined : elementAt(message, version.end, message.length)
  return community === undefined ? undefined : message.toString('utf8', community.begin, community.end)
}

/** net-snmp's own decoder, which knows nothing of ours: another opinion of what a reply says. */
export class Library {
  #hear: (message: Buffer) => void = () => {}
  readonly #session

  constructor(version: '1' | '2c' = '2c') {
    const socket = {
      on: (event: string, listener: (message: Buffer) => void) => {
        if (event === 'message') this.#hear = listener
      },
      send: (_data: Buffer, _from: number, _length: number, _port: number, _host: string, done: () => void) => done(),
      ref: () => {},
      unref: () => {},
      close: () => {},
    }
    this.#session = snmp.createSession('127.0.0.1', 'public', {
      version: version === '1' ? snmp.Version1 : snmp.Version2c,
      retries: 0,
      dgramModule: { createSocket: () => socket },
    } as never)
    this.#session.on('error', () => {})
  }

  /** What it makes of a reply to the request `id`; undefined where it takes it for none. */
  decode(message: Buffer, id: number): readonly Varbind[] | undefined {
    let found: readonly Varbind[] | undefined
    this.#session.getBulk(['1.3'], 0, 1, (error, columns) => {
      if (error === null) found = (columns as unknown as Varbind[][]).flat()
    })
    const requests = Reflect.get(this.#session, 'reqs') as Record<string, Pending>
    for (const [key, request] of Object.entries(requests)) {
      delete requests[key]
      requests[id] = request
      // It wants the request's community in the reply, which no RFC asks for; other managers do not look at it.
      request.message.community = communityOf(message)
      clearTimeout(request.timer)
    }
    try {
      this.#hear(message)
    } catch {
      // It throws where a reply is not as it expects.
    }
    for (const key of Object.keys(requests)) delete requests[key]
    return found
  }
}
