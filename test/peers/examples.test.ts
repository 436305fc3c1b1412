import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'
import { describeWith } from './peer.ts'

const folder = shipped('config', 'prometheus')

describeWith(['promtool', 'amtool'], "the examples of Prometheus' and Alertmanager's configuration", () => {
  test('prometheus.yml with its rules', () => {
    const out = execFileSync('promtool', ['check', 'config', `${folder}/prometheus.yml`], { encoding: 'utf8' })
    expect(out).toContain('SUCCESS: 3 rules found')
  })

  test('alertmanager.yml', () => {
    const out = execFileSync('amtool', ['check-config', `${folder}/alertmanager.yml`], { encoding: 'utf8' })
    expect(out).toContain('SUCCESS')
  })
})
