import { describe, expect, test } from 'vitest'
import { roundedText, valuesText } from '../../src/status/browser/figures.ts'
import { byClass, changed, fits, isTroubled, moodOf, news } from '../../src/status/browser/model.ts'
import { classRank, classText, lengthText, timeText } from '../../src/status/browser/words.ts'
import { changeOf } from '../../src/status/change.ts'
import type { AlarmStatus, DeviceStatus, Status } from '../../src/status/shape.ts'

const site = {
  name: 'hospital',
  version: '1',
  language: 'zh',
  time_zone: 'Asia/Shanghai',
  judge: 'siteward',
  alertmanagers: 1,
  record_up: true,
} as const

function device(name: string, more: Partial<DeviceStatus> = {}): DeviceStatus {
  return {
    name,
    class: 'server',
    address: '192.0.2.1',
    labels: {},
    state: 'up',
    firing: { critical: 0, warning: 0 },
    probes: [],
    ...more,
  }
}

function alarm(id: string, more: Partial<AlarmStatus> = {}): AlarmStatus {
  const text = { en: id, zh: id }
  return {
    id,
    state: 'firing',
    severity: 'warning',
    alarm: 'Some',
    device: 'a',
    labels: {},
    summary: text,
    check: null,
    value: text,
    limit: text,
    place: '',
    since: '2026-01-31T08:00:00.000Z',
    stale: false,
    held: null,
    taken: null,
    on_site: null,
    repaired: null,
    escalated_at: null,
    ...more,
  }
}

function status(more: Partial<Status> = {}): Status {
  return { at: '2026-01-31T08:00:00.000Z', site, alarms: [], room: [], devices: [device('a')], ...more }
}

describe('what has changed', () => {
  test('what siteward tells of a change brings the page to what siteward has', () => {
    const before = status({ devices: [device('a'), device('b'), device('c')] })
    const [a] = before.devices
    if (a === undefined) throw new Error('no device')
    const after = status({
      at: '2026-01-31T08:00:01.000Z',
      alarms: [alarm('1')],
      devices: [a, device('b', { state: 'down' }), device('d')],
    })
    const change = changeOf(before, after)
    expect(change).toEqual({
      at: after.at,
      alarms: after.alarms,
      devices: [after.devices[1], after.devices[2]],
      gone: ['c'],
    })
    expect(changed(before, change ?? { at: '' })).toEqual(after)
    expect(changeOf(after, { ...after, at: '2026-01-31T08:00:02.000Z' })).toBeUndefined()
  })

  test('what has begun and is over is of alarms that people are told of', () => {
    const held = { reason: 'quiet', by: 'window' } as const
    const before = status({ alarms: [alarm('1'), alarm('2', { held }), alarm('3', { state: 'pending' })] })
    const after = status({ alarms: [alarm('2'), alarm('3', { state: 'pending' }), alarm('4', { held })] })
    const { begun, over } = news(before, after)
    expect([begun.map(({ id }) => id), over.map(({ id }) => id)]).toEqual([['2'], ['1']])
  })
})

test('the one word for the site', () => {
  expect(moodOf(status())).toBe('well')
  expect(moodOf(status({ devices: [device('a', { state: 'partial' })] }))).toBe('unread')
  expect(moodOf(status({ alarms: [alarm('1', { state: 'pending' })] }))).toBe('well')
  expect(moodOf(status({ alarms: [alarm('1'), alarm('2', { severity: 'critical' })] }))).toBe('critical')
  expect(moodOf(status({ alarms: [alarm('1')] }))).toBe('warning')
})

test('devices by class: those that everybody has first, those of the site’s own last', () => {
  const devices = [device('s'), device('x', { class: 'mri' }), device('r', { class: 'room' }), device('t')]
  expect(byClass(devices, classRank).map(([name, those]) => [name, those.map((one) => one.name)])).toEqual([
    ['room', ['r']],
    ['server', ['s', 't']],
    ['mri', ['x']],
  ])
  expect([classText('server', 'zh'), classText('mri', 'zh'), classText('constructor', 'en')]).toEqual([
    '服务器',
    'mri',
    'constructor',
  ])
})

test('a device is found by name, address, class and label', () => {
  const one = device('Core-1', { labels: { building: '门诊楼' } })
  expect(['core', '192.0', 'SERVER', '门诊', ' '].map((typed) => fits(one, typed))).toEqual([
    true,
    true,
    true,
    true,
    true,
  ])
  expect(fits(one, 'ups')).toBe(false)
  expect([isTroubled(one), isTroubled({ ...one, firing: { critical: 0, warning: 1 } })]).toEqual([false, true])
})

test.each([
  [0, '0s', '0 秒'],
  [59.9, '59s', '59 秒'],
  [3900, '1h 5m', '1 小时 5 分钟'],
  [3600, '1h', '1 小时'],
  [90_061, '1d 1h', '1 天 1 小时'],
  [-5, '0s', '0 秒'],
])('%d s is %s', (seconds, en, zh) => {
  expect([lengthText(seconds, 'en'), lengthText(seconds, 'zh')]).toEqual([en, zh])
})

test('a moment is told in the time zone of the site, the day only where it is another', () => {
  const now = Date.parse('2026-01-31T17:00:00Z')
  expect(timeText('2026-01-31T16:30:05Z', now, 'Asia/Shanghai', 'en')).toBe('00:30:05')
  expect(timeText('2026-01-31T15:30:05Z', now, 'Asia/Shanghai', 'en')).toBe('31 Jan 23:30')
  expect(timeText('2026-01-31T15:30:05Z', now, 'Asia/Shanghai', 'zh')).toBe('1月31日 23:30')
})

test.each([
  ['17.146 °C', '17.1 °C'],
  ['-0.123 °C', '-0.12 °C'],
  ['228.99 V', '229 V'],
  ['182000 kWh', '182000 kWh'],
  ['市电', '市电'],
  ['no reading', 'no reading'],
])('%s is read as %s at a glance', (text, rounded) => {
  expect(roundedText(text)).toBe(rounded)
})

test('values of several phases have their unit once', () => {
  const of = (text: string) => ({ kind: 'gauge', words: { en: text, zh: text } }) as const
  expect(valuesText([of('229.1 V'), of('230 V')], 'en')).toBe('229 / 230 V')
  expect(valuesText([of('1 kW'), of('900 W')], 'en')).toBe('1 kW / 900 W')
  expect(valuesText([of('1 kW'), of('no reading')], 'en')).toBe('1 kW / no reading')
})
