// Loaded into the daemon before its own code (node --require): answers whoever started it how much it holds, and does to
// its process what only something within it can. In plain JavaScript, since the daemon runs built.
const { readdirSync, readlinkSync } = require('node:fs')
const { isMainThread } = require('node:worker_threads')

// A wall clock that can be set, as NTP or a hand may; the monotonic one goes on.
const realNow = Date.now
let skew = Number(process.env.CLOCK_SKEW ?? 0)
Date.now = () => realNow() + skew

const deeds = {
  vitals() {
    globalThis.gc()
    globalThis.gc()
    const { heapUsed, external } = process.memoryUsage()
    process.send({ heap: heapUsed + external, files: readdirSync('/proc/self/fd').filter(counts).length })
  },
  step({ by }) {
    skew += by
  },
  block({ by }) {
    const end = performance.now() + by
    while (performance.now() < end);
  },
  throw({ message }) {
    setImmediate(() => {
      throw new Error(message)
    })
  },
  reject({ message }) {
    void Promise.reject(new Error(message))
  },
}

process.on('message', (message) => deeds[message.do](message))
// Being asked must not keep it alive. Its threads, for which this is loaded, too, have no such channel.
if (isMainThread) process.channel.unref()

/** The database of roll-ups is opened at the first full minute, whatever happens until then: it is no leak. */
function counts(descriptor) {
  try {
    return !readlinkSync(`/proc/self/fd/${descriptor}`).includes('/roll-ups.db')
  } catch {
    // It was closed meanwhile, as the one of this very look was.
    return false
  }
}
