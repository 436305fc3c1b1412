import { describe, expect, test } from 'vitest'
import { loadSite } from '../src/config/load.ts'
import { formatProblem } from '../src/model/problem.ts'
import type { Site } from '../src/model/site.ts'
import { changesBetween, type SiteChanges } from '../src/site-changes.ts'
import { filesWith, fixtures, sampleDeps, secretFiles } from './config-samples.ts'

const text = `site: clinic
credentials:
  a: { fake: { password: { file: secrets/good } } }
devices:
  - name: one
    address: 192.0.2.1
    probes: [room]
    credentials: a
    labels: { place: cellar }
  - name: two
    address: 192.0.2.2
    probes: [fans]
`

async function siteOf(yaml: string, secret = 'hush-hush'): Promise<Site> {
  const files = filesWith({
    ...secretFiles,
    'secrets/good': { text: secret, mode: 0o600 },
    'test.yaml': { text: yaml },
  })
  const { site, problems } = await loadSite(`${fixtures}/good/test.yaml`, sampleDeps(files))
  if (site === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  return site
}

async function changes(from: string, to: string): Promise<SiteChanges> {
  return changesBetween(await siteOf(text), await siteOf(text.replace(from, to)))
}

const nothing: SiteChanges = { added: [], removed: [], changed: [], kept: ['one', 'two'], settings: [], restart: [] }

describe('what a new site file changes', () => {
  test('nothing, where lines moved and comments came', async () => {
    expect(await changes('devices:', '# a comment\n\nlanguage: en\ndevices:')).toEqual(nothing)
  })

  test.each([
    ['192.0.2.1', '192.0.2.9', ['address']],
    ['probes: [room]', 'probes: [{ probe: room, interval: 10s }]', ['probes']],
    ['labels: { place: cellar }', 'labels: { place: roof }', ['labels']],
    ['labels: { place: cellar }', 'labels: { place: cellar }\n    fake: { unit: 7 }', ['protocol options']],
    ['labels: { place: cellar }', 'labels: { place: cellar }\n    rules: { RoomTemperature: { for: 9m } }', ['rules']],
    ['labels: { place: cellar }', 'labels: { place: cellar }\n    depends_on: two', ['depends_on']],
  ])('a device with %j -> %j', async (from, to, keys) => {
    const found = await changes(from, to)
    expect(found).toEqual({ ...nothing, changed: [{ name: 'one', keys }], kept: ['two'] })
  })

  test('a new secret in the same file is a change, and is not shown', async () => {
    const found = changesBetween(await siteOf(text), await siteOf(text, 'another'))
    expect(found).toEqual({ ...nothing, changed: [{ name: 'one', keys: ['credentials'] }], kept: ['two'] })
  })

  test('devices that come and go', async () => {
    expect(await changes('name: two', 'name: three')).toEqual({
      ...nothing,
      added: ['three'],
      removed: ['two'],
      kept: ['one'],
    })
  })

  test('settings that take effect at once, and those that need a restart', async () => {
    const found = await changes('devices:', 'language: zh\nresend: 2m\nlisten: 127.0.0.1:1\ndevices:')
    expect(found).toEqual({ ...nothing, settings: ['language', 'resend'], restart: ['listen'] })
    expect((await changes('site: clinic', 'site: other')).restart).toEqual(['name'])
  })
})
