// Loaded into the daemon before its own code (node --require): the system's resolver as a file has it, which names each
// host's address, or `unknown`, or `slow`. Like the real one it takes a thread of libuv's pool for as long as it asks.
const dns = require('node:dns')
const fs = require('node:fs')

const { RESOLVER_FILE, RESOLVER_FIFO } = process.env

async function ask(host) {
  const text = await fs.promises.readFile(RESOLVER_FILE, 'utf8')
  const said = JSON.parse(text)[host]
  // A FIFO that nobody writes to holds the thread that opens it.
  if (said === 'slow') await (await fs.promises.open(RESOLVER_FIFO)).close()
  if (said === 'slow' || said === 'unknown') throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' })
  return said
}

const [lookup, promised] = [dns.lookup, dns.promises.lookup]

dns.promises.lookup = async (host, options) => {
  const said = await ask(host)
  return promised(said ?? host, options)
}

dns.lookup = (host, options, callback) => {
  ask(host).then((said) => lookup(said ?? host, options, callback), callback)
}
