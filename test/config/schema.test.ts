import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { schema as command, shippedSchemas } from '../../src/commands/schema.ts'
import { renderSchemas } from '../../src/config/schema.ts'
import { shipped } from '../../src/home.ts'
import { systemClock } from '../../src/model/clock.ts'
import { fixtures, protocols } from '../config-samples.ts'

/** What an editor would say of a fixture: keywords that it does not know are passed over. */
function editorErrors(schema: string, fixture: string): readonly string[] {
  const ajv = new Ajv({ strict: false, allErrors: true })
  const text = renderSchemas(protocols).get(schema) ?? ''
  const validate = ajv.compile(JSON.parse(text))
  validate(parse(readFileSync(join(fixtures, fixture), 'utf8'), { merge: true }))
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.keyword}`)
}

describe('the schemas for editors', () => {
  it.each([...shippedSchemas()])('config/schema/%s is up to date (npm run schema)', (file, text) => {
    expect(readFileSync(shipped('config', 'schema', file), 'utf8')).toBe(text)
  })

  it('are draft-07, with a title and texts to show', () => {
    for (const text of renderSchemas(protocols).values()) {
      expect(JSON.parse(text)).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' })
      expect(text).toContain('"description"')
    }
  })

  it.each([
    ['site.json', 'good/site-full.yaml'],
    ['site.json', 'good/site-minimal.yaml'],
    ['site.json', 'good/site-credentials.yaml'],
    ['probe.json', 'good/probe-full.yaml'],
    ['probe.json', 'shipped/probes/fans.yaml'],
    ['metrics.json', 'good/metrics-every-kind.yaml'],
    ['rules.json', 'shipped/rules.yaml'],
  ])('%s finds nothing in %s', (schema, fixture) => {
    expect(editorErrors(schema, fixture)).toEqual([])
  })

  it.each([
    ['site.json', 'bad/site-key-misspelt.yaml', '/devices/0 additionalProperties'],
    ['site.json', 'bad/site-option-misspelt.yaml', '/devices/0/fake additionalProperties'],
    ['site.json', 'bad/site-credential-key.yaml', '/credentials/network/fake additionalProperties'],
    ['probe.json', 'bad/probe-point-key-misspelt.yaml', '/points/0 additionalProperties'],
    ['probe.json', 'bad/probe-oid-missing.yaml', '/points/0 required'],
    ['probe.json', 'bad/probe-setting.yaml', '/fake/order enum'],
    ['metrics.json', 'bad/metrics-type-misspelt.yaml', '/metrics/box_load_ratio/type enum'],
    ['rules.json', 'bad/rules-key.yaml', ' additionalProperties'],
  ])('%s finds the mistake of %s', (schema, fixture, error) => {
    expect(editorErrors(schema, fixture)).toContain(error)
  })
})

describe('siteward schema', () => {
  it('says nothing where all is up to date, and knows no other option', async () => {
    const written: string[] = []
    const output = { write: (text: string) => written.push(text) }
    const io = {
      out: output,
      err: output,
      env: {},
      clock: systemClock,
      untilStopped: async () => {},
      onHangup: () => {},
    }
    expect(await command.run([], io)).toBe(0)
    expect(written).toEqual([])
    await expect(command.run(['--wrong'], io)).rejects.toThrow()
  })
})
