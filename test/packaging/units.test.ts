import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'
import { describeWith } from '../peers/peer.ts'

const unit = (name: string): string => shipped('packaging', 'systemd', name)
const both = ['siteward.service', 'siteward@.service'] as const
/** The most that `systemd-analyze security` may rate a unit, in tenths. */
const mostExposed = 20

test('the unit of a shard is that of the whole but for what must be its own', () => {
  const [whole = [], part = []] = both.map((name) => readFileSync(unit(name), 'utf8').split('\n'))
  const own = /^(#|Description=|EnvironmentFile=|ExecStart=|StateDirectory=|RuntimeDirectory=|Environment=XDG)/
  expect(part.filter((line) => !own.test(line))).toEqual(whole.filter((line) => !own.test(line)))
  expect(part.join('\n')).toContain(`--shard %i/${'$'}{SITEWARD_SHARDS} --listen 127.0.0.1:988%i`)
})

describeWith(['systemd-analyze'], 'the units, by systemd itself', () => {
  test.each(both)('%s is rated 2.0 at most', (name) => {
    const args = ['security', '--offline=true', '--no-pager', `--threshold=${mostExposed}`, unit(name)]
    // It fails where the rating is above the threshold.
    expect(execFileSync('systemd-analyze', args, { encoding: 'utf8' })).toMatch(
      /Overall exposure level for .*: [0-2]\.\d/,
    )
  })
})
