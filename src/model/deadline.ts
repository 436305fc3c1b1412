/** Thrown by `untilAborted` when the poll's deadline came first. */
export class Aborted extends Error {
  constructor() {
    super('the deadline came first')
  }
}

/**
 * Waits for `work`, but no longer than until `signal` aborts: our own deadline around a library's call, which may never
 * settle. What the call does afterwards is ignored; the caller closes what it was using.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Aborted())
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
