import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProbes } from '../../src/config/probes.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { convert } from '../../src/model/conversion.ts'
import { formatPlace } from '../../src/model/place.ts'
import type { Probe } from '../../src/model/probe.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { fixtures, sampleDeps } from '../config-samples.ts'

async function load(folder: string) {
  const { files, protocols, shipped } = sampleDeps()
  const { vocabulary } = await loadVocabulary(shipped.metrics, files)
  return loadProbes(join(fixtures, folder), { files, protocols, vocabulary })
}

async function full(): Promise<Probe> {
  const { probes } = await load('good')
  const probe = probes.get('probe-full')
  if (probe === undefined) throw new Error('no probe-full')
  return probe
}

describe('the probes of a folder', () => {
  it('are found by their names', async () => {
    const { probes, problems } = await load('shipped/probes')
    expect(problems).toEqual([])
    expect([...probes.keys()]).toEqual(['fans', 'humidity', 'room'])
  })

  it('have one name each', async () => {
    const { problems } = await load('twins')
    expect(problems.map(formatProblem)).toEqual([
      `${fixtures}/twins/b/twin.yaml:1:1: ${fixtures}/twins/a/twin.yaml is a probe of the same name (rename one of them)`,
    ])
  })

  it('of a folder that is not there are a problem', async () => {
    expect((await load('nowhere')).problems.map(formatProblem)).toEqual([
      `${fixtures}/nowhere:1:1: the folder ${fixtures}/nowhere does not exist`,
    ])
  })
})

describe('a probe', () => {
  it('has what is written', async () => {
    const { match, settings, collector, title, points } = await full()
    expect({ settings, collector, title }).toEqual({
      settings: { order: 'little' },
      collector: 'fake',
      title: 'A probe with every key',
    })
    expect(match?.objectIds).toEqual(['1.3.6.1.4.1.9.1', '1.3.6.1.4.1.9.2'])
    expect(match?.answers).toEqual(['1.3.6.1.2.1.33'])
    expect(match?.description?.first('Room 12')).toBe('12')
    const [point] = points
    expect(point?.spec).toEqual({ key: 't', as: 'int16', labels: { sensor: 'a' } })
    expect(point && formatPlace(point.at('key'))).toBe(`${fixtures}/good/probe-full.yaml:10:10`)
  })

  it.each([
    ['a number in a sentence', '291 degrees', { kind: 'value', value: -10.9 }],
    ['a value', -9999, { kind: 'unavailable' }],
    ['a text', 'N/A', { kind: 'unavailable' }],
    ['below a bound', -60.001, { kind: 'unavailable' }],
    ['above or at a bound', 32_767, { kind: 'unavailable' }],
    ['within a range', 252, { kind: 'unavailable' }],
    ['at an open bound', -60, { kind: 'unreadable', text: '-60' }],
  ])('converts %s', async (_, raw, converted) => {
    const [point] = (await full()).points
    expect(point && convert(raw, point.conversion, point.metric)).toEqual(converted)
  })

  it('reads states by number and word, whatever their case', async () => {
    const point = (await full()).points.find(({ metric }) => metric.name === 'fan_state')
    const states = point?.metric.kind === 'state' ? point.metric.states : []
    const read = (raw: string | number) => {
      const converted = point && convert(raw, point.conversion, point.metric)
      return converted?.kind === 'value' ? states[converted.value] : undefined
    }
    expect([1, 2, 'Running', 3].map(read)).toEqual(['ok', 'failed', 'ok', 'unknown'])
  })

  it('has one rule for each severity', async () => {
    const rules = (await full()).rules.filter((rule) => rule.alarm === 'RoomTemperature')
    expect(rules).toMatchObject([
      {
        severity: 'warning',
        match: { sensor: 'a' },
        condition: { kind: 'within', low: { value: 20 }, high: { value: 28 }, hysteresis: 0.5 },
        for: 120_000,
        labels: { team: 'building' },
        summary: { en: 'it is {value}, since {since}', zh: 'it is {value}, since {since}' },
        runbook: 'page 3 of the handbook',
      },
      {
        severity: 'critical',
        condition: { low: { value: 15 } },
        keepFiringFor: 5_400_000,
        summary: { zh: '{device}：{value}' },
      },
    ])
  })
})
