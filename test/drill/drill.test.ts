import { describe, expect, test } from 'vitest'
import { type Seen, type Sighting, verdictOf } from '../../src/drill/report.ts'
import { breakingValue } from '../../src/drill/targets.ts'
import { parseAim, parseValue, rawFor } from '../../src/model/aim.ts'
import { plainConversion } from '../../src/model/conversion.ts'
import { compilePattern } from '../../src/model/pattern.ts'
import type { Condition } from '../../src/model/rule.ts'
import { bytesTotal, info, makePoint, makeRule, source, temperature } from '../samples.ts'

describe('what is drilled', () => {
  test.each([
    ['room_temperature_celsius=35 °C', { metric: 'room_temperature_celsius', match: {}, value: '35 °C' }],
    ['a_b = -3', { metric: 'a_b', match: {}, value: '-3' }],
    ['a_b{phase="2", side="回风"}=95%', { metric: 'a_b', match: { phase: '2', side: '回风' }, value: '95%' }],
  ])('%s', (text, value) => {
    expect(parseAim(text)).toEqual({ ok: true, value })
  })

  test.each(['', 'a_b', 'a_b=', '=3', 'a_b{=3', 'a_b{x=y}=3', 'A-b=3'])('"%s" is none', (text) => {
    expect(parseAim(text).ok).toBe(false)
  })

  test('its value is a number with a unit, or a state', () => {
    expect(parseValue('35 °C', temperature)).toEqual({ ok: true, value: 35 })
    expect(parseValue('2 KiB', bytesTotal)).toEqual({ ok: true, value: 2048 })
    expect(parseValue('battery', source)).toEqual({ ok: true, value: 1 })
    for (const [text, metric] of [
      ['35 V', temperature],
      ['much', temperature],
      ['on', source],
      ['1', info],
    ] as const)
      expect(parseValue(text, metric).ok).toBe(false)
  })
})

describe('what the device would have to send', () => {
  const tenths = makePoint(
    {},
    { conversion: { ...plainConversion, scale: 0.1, offset: -40, unavailable: [{ kind: 'value', raw: 32767 }] } },
  )

  const sent = { raw: 640, factor: 1 }

  test('is the conversion turned round', () => {
    expect(rawFor(tenths, 35, sent)).toEqual({ ok: true, value: 750 })
    expect(rawFor(tenths, 35, { raw: 64, factor: 10 })).toEqual({ ok: true, value: 75 })
    const states = new Map([
      ['3', 'normal'],
      ['5', 'battery'],
    ])
    const point = makePoint({}, { metric: source, conversion: { ...plainConversion, states } })
    expect(rawFor(point, 1, sent)).toEqual({ ok: true, value: '5' })
    expect(rawFor(point, 2, sent).ok).toBe(false)
  })

  test('is none where siteward would not believe it, or takes it for no reading', () => {
    expect(rawFor(tenths, 99)).toMatchObject({ ok: false, why: expect.stringContaining('would not believe') })
    const odd = makePoint(
      {},
      { conversion: { ...plainConversion, unavailable: [{ kind: 'range', low: 30, high: 40 }] } },
    )
    expect(rawFor(odd, 35, sent)).toMatchObject({ ok: false, why: expect.stringContaining('has no reading') })
  })

  test('is put in the place in which a pattern finds it', () => {
    const pattern = compilePattern('return: ([\\d.]+)')
    if (typeof pattern === 'string') throw new Error(pattern)
    const point = makePoint({}, { conversion: { ...plainConversion, pattern } })
    const raw = 'supply: 24 C, return: 24 C'
    expect(rawFor(point, 35, { raw, factor: 1 })).toEqual({ ok: true, value: 'supply: 24 C, return: 35 C' })
    expect(rawFor(point, 35, { raw: 'return: none', factor: 1 })).toMatchObject({ ok: false })
    expect(rawFor(point, 35).ok).toBe(true)
  })
})

describe('a value that breaks a rule', () => {
  const fixed = (value: number) => ({ kind: 'fixed', value }) as const
  test.each<[Condition, string | undefined]>([
    [{ kind: 'above', limit: fixed(28), hysteresis: 0 }, '31'],
    [{ kind: 'below', limit: fixed(20), hysteresis: 0 }, '18'],
    [{ kind: 'within', low: fixed(20), high: fixed(28), hysteresis: 0 }, '31'],
    [{ kind: 'within', low: fixed(20), high: fixed(85), hysteresis: 0 }, '18'],
    [{ kind: 'above', limit: fixed(84), hysteresis: 0 }, '85'],
    [{ kind: 'above', limit: { kind: 'metric', metric: 'high' }, hysteresis: 0 }, '55'],
    [{ kind: 'above', limit: { kind: 'metric', metric: 'unknown' }, hysteresis: 0 }, undefined],
    [{ kind: 'stale', after: 60_000 }, undefined],
  ])('%j: %s', (condition, expected) => {
    const limitOf = (metric: string): number => (metric === 'high' ? 50 : Number.NaN)
    expect(breakingValue(makeRule({ condition }), limitOf)).toBe(expected)
  })

  test('none for what is measured over a time', () => {
    const condition: Condition = { kind: 'below', limit: { kind: 'fixed', value: 1 }, hysteresis: 0 }
    const measure = { kind: 'changes', over: 86_400_000 } as const
    expect(breakingValue(makeRule({ condition, measure }), () => Number.NaN)).toBeUndefined()
    expect(breakingValue(makeRule({ condition }), () => Number.NaN)).toBe('0')
  })

  test('of states', () => {
    const rule = (condition: Condition) => makeRule({ metric: source, condition })
    expect(breakingValue(rule({ kind: 'is', states: new Set([1]) }), () => Number.NaN)).toBe('battery')
    expect(breakingValue(rule({ kind: 'not', states: new Set([0]) }), () => Number.NaN)).toBe('battery')
  })
})

describe('the verdict', () => {
  const active: Sighting = { alertmanager: 'a', state: 'active', receivers: ['duty'], suppressedBy: [], why: '' }
  const seen: Seen = { hasFired: true, sightings: [active], isReceived: undefined }
  test.each<[string, Partial<Seen>, boolean, string]>([
    ['routed', {}, true, 'routes it to duty'],
    ['received', { isReceived: true }, true, 'the receipt came'],
    ['not received', { isReceived: false }, false, 'receipt never came'],
    ['never fired', { hasFired: false }, false, 'did not fire'],
    ['nobody to tell', { sightings: [] }, false, 'no Alertmanager'],
    ['silenced', { sightings: [{ ...active, state: 'suppressed', suppressedBy: ['s-1'] }] }, false, 's-1'],
    ['routed to nobody', { sightings: [{ ...active, receivers: [] }] }, false, 'no receiver'],
    ['one of two', { sightings: [active, { ...active, alertmanager: 'b', state: 'absent' }] }, true, 'but b has not'],
    ['gone', { sightings: [{ ...active, state: 'unreachable', why: 'HTTP 500' }] }, false, 'HTTP 500'],
  ])('%s', (_what, changed, passed, text) => {
    const verdict = verdictOf({ ...seen, ...changed })
    expect(verdict.passed).toBe(passed)
    expect(verdict.text).toContain(text)
  })
})
