// Loaded into the daemon before its own code (node --require): answers whoever started it how much it holds. In plain
// JavaScript, since the daemon runs built.
const { readdirSync } = require('node:fs')
const { isMainThread } = require('node:worker_threads')

process.on('message', () => {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  process.send({ heap: heapUsed + external, files: readdirSync('/proc/self/fd').length })
})
// Being asked must not keep it alive. Its threads, for which this is loaded, too, have no such channel.
if (isMainThread) process.channel.unref()
