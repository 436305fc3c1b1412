// Loaded into the daemon before its own code (node --require): answers whoever started it how much it holds. In plain
// JavaScript, since the daemon runs built.
const { readdirSync } = require('node:fs')

process.on('message', () => {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  process.send({ heap: heapUsed + external, files: readdirSync('/proc/self/fd').length })
})
// Being asked must not keep it alive.
process.channel.unref()
