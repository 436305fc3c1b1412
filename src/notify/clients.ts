import type { Site } from '../model/site.ts'
import type { Notifier } from './notifier.ts'
import type { AlertmanagerClient } from './sender.ts'

/** The wires to the Alertmanagers that a site names, one each as long as its address stays. */
export class Clients {
  readonly #notifier: Pick<Notifier, 'tell'>
  readonly #make: (url: URL) => AlertmanagerClient
  readonly #left: (url: string) => void
  #open: ReadonlyMap<string, AlertmanagerClient> = new Map()

  /** `left` hears which one is told no more. */
  constructor(
    notifier: Pick<Notifier, 'tell'>,
    make: (url: URL) => AlertmanagerClient,
    left: (alertmanager: string) => void,
  ) {
    this.#notifier = notifier
    this.#make = make
    this.#left = left
  }

  /** The site names these now: new ones are told everything, one that is gone nothing more. */
  follow({ alertmanagers, resend }: Pick<Site, 'alertmanagers' | 'resend'>): void {
    const before = this.#open
    this.#open = new Map(alertmanagers.map((url) => [url.href, before.get(url.href) ?? this.#make(url)]))
    const now = new Set([...this.#open.values()].map(({ url }) => url))
    const left = [...before.values()].filter(({ url }) => !now.has(url))
    void this.#notifier.tell([...this.#open.values()], resend).then(() => {
      for (const { url } of left) this.#left(url)
    })
  }
}
