import { expect, test } from 'vitest'
import { typeableOf } from '../../src/completion/typeable.ts'

const usage = `Usage: siteward plant SEED [--deep | --at PLACE ...] [--note TEXT]
       siteward plant end|list NAME -o FILE

Plants a seed; siteward plant water waters it, as --always.

  -o, --output FILE  where it is written
  --note TEXT        what there is to say
  --web.config.file FILE
                     TLS and passwords
  --label KEY=VALUE  may stand several times
  spade -v3 --hard   no option of ours

Exit status: 0.
`

test('words and options are what the help says, and nothing that it only mentions', () => {
  const { words, options } = typeableOf('plant', 'plant a seed', usage)
  expect(words).toEqual(['end', 'list'])
  expect(options.map(({ names, value, isRepeatable }) => [names.join(), value, isRepeatable])).toEqual([
    ['-o,--output', 'file', false],
    ['--note', 'other', false],
    ['--web.config.file', 'file', false],
    ['--label', 'other', true],
    ['--deep', 'none', false],
    ['--at', 'other', true],
    ['--help', 'none', false],
  ])
  expect(options[2]?.description).toBe('TLS and passwords')
})
