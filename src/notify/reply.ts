/**
 * The beginning of a body. It is given up by its reader: once fetch has resolved, its signal may be forgotten with the next
 * garbage collection, and a body that trickles would go on for ever.
 */
export async function beginning({ body }: Response, longest: number, signal: AbortSignal): Promise<string> {
  if (body === null) return ''
  const reader = body.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  const late = new Promise<never>((_, reject) => {
    const giveUp = (): void => reject(signal.reason)
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
  })
  // It may come when nobody waits any more.
  late.catch(() => {})
  try {
    while (length < longest) {
      const { done, value } = await Promise.race([reader.read(), late])
      if (done) break
      parts.push(value)
      length += value.length
    }
  } finally {
    // An endless reply ends here. What becomes of that nobody needs to know.
    reader.cancel().catch(() => {})
  }
  return Buffer.concat(parts).toString('utf8', 0, longest)
}
