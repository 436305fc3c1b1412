import { describe, expect, test } from 'vitest'
import { chosen, groundsOf, proposalOf, ranked, type Told, type Trial } from '../../src/library/identify.ts'
import type { Fingerprint } from '../../src/model/probe.ts'
import { makeProbe } from '../samples.ts'

const nothing: Fingerprint = { objectIds: [], description: undefined, answers: [], common: false }
const told: Told = {
  objectId: '1.3.6.1.4.1.2011.2.23.276',
  description: 'S5720 VRP',
  answers: new Set(['1.3.6.1.2.1.33.1']),
}
const trial: Trial = { points: 10, matched: 10, doubts: 0, series: new Set(['a']), telling: true }
const weight = (match: Partial<Fingerprint>): number | undefined =>
  groundsOf({ ...nothing, ...match }, told)?.reduce((sum, one) => sum + one.weight, 0)

describe('grounds', () => {
  test('an identifier fits by whole numbers, and the longer the better', () => {
    expect(weight({ objectIds: ['1.3.6.1.4.1.201'] })).toBeUndefined()
    expect(weight({ objectIds: ['1.3.6.1.4.1.2011.2.23'] })).toBeGreaterThan(
      Number(weight({ objectIds: ['1.3.6.1.4.1.2011'] })),
    )
  })

  test("net-snmp's own identifier names no maker", () => {
    const linux = { ...told, objectId: '1.3.6.1.4.1.8072.3.2.10' }
    const [ground] = groundsOf({ ...nothing, objectIds: ['1.3.6.1.4.1.8072.3.2.10'] }, linux) ?? []
    expect(ground?.weight).toBeLessThan(Number(weight({ answers: ['1.3.6.1.2.1.33.1'] })))
  })

  test('every part that is given must hold; of several answers one is enough', () => {
    const description = { source: 'VRP', first: (text: string) => (text.includes('VRP') ? 'VRP' : undefined) }
    expect(weight({ description, answers: ['1.3.6.1.9', '1.3.6.1.2.1.33.1'] })).toBeGreaterThan(0)
    expect(weight({ description, answers: ['1.3.6.1.9'] })).toBeUndefined()
    expect(weight({ description: { source: '', first: () => undefined } })).toBeUndefined()
    expect(groundsOf(nothing, told)).toBeUndefined()
  })
})

describe('proposals', () => {
  const grounds = groundsOf({ ...nothing, objectIds: ['1.3.6.1.4.1.2011'] }, told) ?? []
  const probe = makeProbe('snmp', [], {})

  test('what reads nothing is none; what cannot be costs', () => {
    expect(proposalOf(probe, grounds, { ...trial, matched: 0 })).toBeUndefined()
    expect(proposalOf(probe, [], { ...trial, matched: 4 })).toBeUndefined()
    const clean = proposalOf(probe, grounds, trial)?.score ?? 0
    const odd = proposalOf(probe, grounds, { ...trial, doubts: 3 })
    expect(odd?.score).toBeLessThan(clean)
    expect(odd?.why).toContain('3 values cannot be')
  })

  test('the best first, and of equal ones the name decides', () => {
    const list = [
      { probe: 'b', score: 5, why: '' },
      { probe: 'c', score: 9, why: '' },
      { probe: 'a', score: 5, why: '' },
    ]
    expect(ranked(list).map((one) => one.probe)).toEqual(['c', 'a', 'b'])
  })

  test('an entry has no series twice, no second probe of bare numbers, none whose values cannot be', () => {
    const list = ['model', 'same', 'beside', 'odd', 'numbers'].map((name) => ({ probe: name, score: 1, why: '' }))
    const trials = new Map<string, Trial>([
      ['model', trial],
      ['same', { ...trial, series: new Set(['a', 'b']) }],
      ['beside', { ...trial, series: new Set(['c']) }],
      ['odd', { ...trial, series: new Set(['d']), doubts: 1 }],
      ['numbers', { ...trial, series: new Set(['e']), telling: false }],
    ])
    expect(chosen(list, trials)).toEqual(['model', 'beside'])
  })
})
