import { plain, type Reply, type Route } from './route.ts'
import type { Scrapes } from './scrapes.ts'

/** What the pages show. */
export interface Exposed {
  readonly scrapes: Scrapes
  /** Whether every device was polled once, so that what is exposed is whole. */
  isReady(): boolean
}

/** /metrics, and whether siteward lives and is ready. */
export function pages(exposed: Exposed): readonly Route[] {
  return [
    { method: 'GET', path: '/metrics', right: 'read', handle: ({ headers }) => exposed.scrapes.answer(headers) },
    { method: 'GET', path: '/-/healthy', right: 'open', handle: () => plain(200, 'siteward is healthy\n') },
    { method: 'GET', path: '/-/ready', right: 'open', handle: () => readiness(exposed.isReady()) },
  ]
}

function readiness(isReady: boolean): Reply {
  return isReady ? plain(200, 'siteward is ready\n') : plain(503, 'siteward has not polled every device yet\n')
}
