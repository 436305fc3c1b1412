/** A poll that waits for its turn. */
export interface Waiting {
  readonly endpoint: string
  /** How many polls the endpoint bears at once. */
  readonly parallel: number
  start(): void
}

interface Endpoint {
  running: number
  readonly queue: Waiting[]
}

/**
 * Lets polls through: at most `parallel` of an endpoint (a bus, a BMC, an agent) and `limit` in all, in the order they
 * came. A poll that waits for its endpoint holds no place of the whole, so that one slow bus delays no other.
 */
export class Gate {
  #limit: number
  readonly #endpoints = new Map<string, Endpoint>()
  #queue: Waiting[] = []
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Polls under way. */
  get running(): number {
    return this.#running
  }

  /** From now on so many polls may be under way at once; more that are go on to their end. */
  limit(limit: number): void {
    this.#limit = limit
    this.#pump()
  }

  /** Starts the poll now, or when its turn comes. */
  enter(waiting: Waiting): void {
    const endpoint = this.#endpoint(waiting.endpoint)
    if (endpoint.running >= waiting.parallel) {
      endpoint.queue.push(waiting)
      return
    }
    endpoint.running++
    this.#queue.push(waiting)
    this.#pump()
  }

  /** An endpoint of which no more polls may come; harmless while some run or wait there. */
  forget(endpoint: string): void {
    const found = this.#endpoints.get(endpoint)
    if (found?.running === 0) this.#endpoints.delete(endpoint)
  }

  /** Takes a poll that has not started out of the queues; false when it is not waiting. */
  withdraw(waiting: Waiting): boolean {
    const endpoint = this.#endpoints.get(waiting.endpoint)
    const place = endpoint?.queue.indexOf(waiting) ?? -1
    if (endpoint !== undefined && place >= 0) {
      endpoint.queue.splice(place, 1)
      return true
    }
    const before = this.#queue.length
    this.#queue = this.#queue.filter((other) => other !== waiting)
    if (this.#queue.length === before) return false
    this.#freeEndpoint(waiting)
    return true
  }

  /** A started poll has ended. */
  leave(waiting: Waiting): void {
    this.#running--
    this.#freeEndpoint(waiting)
    this.#pump()
  }

  #freeEndpoint(waiting: Waiting): void {
    const endpoint = this.#endpoints.get(waiting.endpoint)
    if (endpoint === undefined) return
    endpoint.running--
    const next = endpoint.queue.shift()
    if (next !== undefined) {
      endpoint.running++
      this.#queue.push(next)
    }
  }

  #endpoint(name: string): Endpoint {
    const known = this.#endpoints.get(name)
    if (known !== undefined) return known
    const made: Endpoint = { running: 0, queue: [] }
    this.#endpoints.set(name, made)
    return made
  }

  #pump(): void {
    while (this.#running < this.#limit) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#running++
      next.start()
    }
  }
}
