import { describe, expect, test } from 'vitest'
import { commandsPage } from '../../src/reference/commands.ts'
import { configurationPage } from '../../src/reference/configuration.ts'

function page(schema: object): string {
  return configurationPage(new Map([['site.json', JSON.stringify({ title: 'site', ...schema })]]))
}

describe('the page of the configuration', () => {
  test('a key tells whether it is needed, what is written, its default and what it is', () => {
    const text = page({
      properties: {
        site: { type: 'string', title: 'site name', description: 'where' },
        polls: { type: 'integer', minimum: 1, maximum: 9, default: 3, description: 'at once' },
        language: { enum: ['en', 'zh'] },
        token: { secret: true, anyOf: [{ type: 'object', properties: { file: { type: 'string' } } }] },
      },
      required: ['site', 'polls'],
    })
    expect(text).toContain('| **site** | site name |  | where |')
    expect(text).toContain('| polls | integer, 1 to 9 | `3` | at once |')
    expect(text).toContain('| language | `en`, `zh` |  |  |')
    expect(text).toContain('| token | secret |  |  |')
    expect(text).not.toContain('### `token`')
  })

  test('keys stand under their path: in lists, under names, in alternatives', () => {
    const keys = { type: 'object', properties: { a: { type: 'boolean' } } }
    const other = { type: 'object', properties: { b: { type: 'boolean' } } }
    const text = page({
      properties: {
        list: { type: 'array', items: { anyOf: [{ type: 'string', title: 'word' }, keys] } },
        names: { type: 'object', patternProperties: { '^.*$': other } },
      },
    })
    expect(text).toContain('| list | list: word or keys |  |  |')
    expect(text).toContain('| names | NAME: keys |  |  |')
    expect(text).toMatch(/### `list\[\]`\n\n\| key.*\n.*\n\| a \| boolean/)
    expect(text).toMatch(/### `names.NAME`\n\n\| key.*\n.*\n\| b \| boolean/)
  })

  test('the same keys are told once, and a bar ends no cell', () => {
    const keys = { type: 'object', properties: { a: { type: 'string', description: 'this | that' } } }
    const text = page({ properties: { one: keys, two: keys } })
    expect(text.match(/^### /gm)).toHaveLength(1)
    expect(text).toContain('this \\| that')
  })
})

test('the page of the commands holds the help of each', () => {
  const text = commandsPage([{ name: 'run', summary: 'the daemon', usage: 'Usage: siteward run\n' }])
  expect(text).toContain('## siteward run\n\nThe daemon.\n\n```\nUsage: siteward run\n```\n')
})
