import type { Cancel, Clock } from '../model/clock.ts'
import type { DeviceList } from '../model/device-list.ts'
import type { SiteSource } from './site-source.ts'

/** What is needed to ask for lists. */
interface ListRefreshParts {
  readonly source: Pick<SiteSource, 'hasChanged'>
  readonly clock: Clock
  /** Resolves when the site was read again; never rejects. */
  changed(): Promise<void>
}

/** Asks for lists of devices, each at its interval, and tells when one of them has changed. */
export class ListRefresh {
  readonly #parts: ListRefreshParts
  readonly #timers = new Map<string, Cancel>()
  #lists: readonly DeviceList[] = []

  constructor(parts: ListRefreshParts) {
    this.#parts = parts
  }

  /** From now on these; one that was asked for already keeps its time unless its interval has changed. */
  follow(lists: readonly DeviceList[]): void {
    const before = new Set(this.#lists.map(keyOf))
    this.#lists = lists
    const now = new Map(lists.map((list) => [keyOf(list), list]))
    for (const key of before) {
      if (now.has(key)) continue
      this.#timers.get(key)?.()
      this.#timers.delete(key)
    }
    for (const [key, list] of now) if (!before.has(key)) this.#later(key, list)
  }

  stop(): void {
    this.follow([])
  }

  #later(key: string, list: DeviceList): void {
    if (list.kind !== 'http') return
    this.#timers.set(
      key,
      this.#parts.clock.after(list.interval, () => void this.#ask(key, list)),
    )
  }

  async #ask(key: string, list: DeviceList & { readonly kind: 'http' }): Promise<void> {
    const { source, changed } = this.#parts
    if (await source.hasChanged(list.url)) await changed()
    if (this.#lists.some((one) => keyOf(one) === key)) this.#later(key, list)
  }
}

function keyOf(list: DeviceList): string {
  return JSON.stringify(list)
}
