import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'

const text = readFileSync(shipped('docs', 'security.md'), 'utf8')

test('each file that docs/security.md names as a proof is there', () => {
  const named = [
    ...text.matchAll(/\b(?:src|test|collectors|fixtures|config)\/[\w./-]*\w|\b(?:biome\.json|Dockerfile)\b/g),
  ]
  expect(named.length).toBeGreaterThan(30)
  expect(named.map(([file]) => file).filter((file) => !existsSync(shipped(file)))).toEqual([])
})

test('the limits that it tells are those of the server', () => {
  const server = readFileSync(shipped('src', 'expose', 'server.ts'), 'utf8')
  for (const limit of ['connections: 512', 'ofOneAddress: 256', 'headers: 5_000', 'request: 10_000', 'reading: 30_000'])
    expect(server).toContain(limit)
  for (const words of [
    '512 in all, 256 of one address',
    '5 s for a handshake or headers, 10 s for a request',
    '64 MiB',
    '30 s',
  ])
    expect(text).toContain(words)
})
