import { describe, expect, test } from 'vitest'
import type { Page } from './pager.ts'
import { type Fault, scheduleOf } from './schedule.ts'
import { verdictOf } from './verdict.ts'

const heat = { room: 0, from: 5, to: 25, lasts: true }
const back: Fault = { kind: 'cut', member: 'alertmanager-1', from: 4, to: 8.5 }
const schedule = { ...scheduleOf(1), heats: [heat], faults: [back] }

function page(status: Page['status'], seconds: number, from: Page['from']): Page {
  return { device: 'room-0', alertname: 'RoomTemperature', startsAt: '', status, at: seconds * 1000, from }
}

function told(...firing: readonly (readonly [number, Page['from']])[]) {
  const pages = [...firing.map(([at, from]) => page('firing', at, from)), page('resolved', 28, 'alertmanager-0')]
  const { repeated, raced } = verdictOf(schedule, pages, 0)
  return { repeated, raced }
}

describe('who has told twice', () => {
  const [one, other] = ['alertmanager-0', 'alertmanager-1'] as const

  test('once is once', () => {
    expect(told([9, one])).toEqual({ repeated: [], raced: [] })
  })

  test('two Alertmanagers in the same moment, after one was cut off, are their own race; without that they are not', () => {
    expect(told([9, one], [9.2, other])).toEqual({ repeated: [], raced: [0] })
    expect(told([12, one], [12.2, other])).toEqual({ repeated: [0], raced: [] })
  })

  test('one that tells twice, and a second one that had time to hear of the first, repeat it', () => {
    expect(told([9, one], [9.2, one])).toEqual({ repeated: [0], raced: [] })
    expect(told([9, one], [10, other])).toEqual({ repeated: [0], raced: [] })
  })
})
