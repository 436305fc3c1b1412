import { withoutSecrets } from '../model/secret.ts'

/** An address as it is asked: without its user and password, which go into a header. */
export interface Authorized {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** A text of the other side, without what it was told: some answer with all headers that they were sent. */
  masked(text: string): string
}

/** Basic authorization (RFC 7617) of an address such as `http://user:password@127.0.0.1:9093`. */
export function authorized(address: URL): Authorized {
  const url = new URL(address)
  url.username = ''
  url.password = ''
  if (address.username === '' && address.password === '') return { url, headers: {}, masked: (text) => text }
  const user = decodeURIComponent(address.username)
  const password = decodeURIComponent(address.password)
  const pair = Buffer.from(`${user}:${password}`).toString('base64')
  const masked = (text: string): string => withoutSecrets(text, [pair, address.password, password])
  return { url, headers: { authorization: `Basic ${pair}` }, masked }
}
