import { get } from 'node:http'

/** Scrapes /metrics and throws the text away as it comes; resolves to how many bytes came. */
export function scrape(port: number, encoding: 'gzip' | 'identity'): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/metrics',
      headers: { 'accept-encoding': encoding },
      agent: false,
    }
    get(options, (response) => {
      let bytes = 0
      response.on('data', (data: Buffer) => {
        bytes += data.length
      })
      response.on('end', () => resolve(bytes))
      response.on('error', reject)
    }).on('error', reject)
  })
}
