import type { OwnMetrics } from '../expose/own-metrics.ts'
import type { Moment } from '../model/clock.ts'
import { steps } from '../model/record.ts'
import { levelNames, type StepTime } from '../record/episodes.ts'
import type { Attendance } from './attendance.ts'

/** Each counter is there from the start: Prometheus sees no increase in one that begins at 1. */
export function startCounting(metrics: OwnMetrics): void {
  for (const step of steps) {
    for (const result of ['met', 'missed']) metrics.serviceLevels.inc({ level: levelNames[step], result }, 0)
  }
}

/** Counts a step of an alarm that was done, or was not while it was needed. */
export function countSettled({ step, took, state }: StepTime, metrics: OwnMetrics): void {
  if (state !== 'met' && state !== 'missed') return
  const level = levelNames[step]
  metrics.serviceSeconds.observe({ level }, took / 1000)
  metrics.serviceLevels.inc({ level, result: state })
}

/** How many firing alarms are late, by the names of the service levels. */
export function lateByLevel(attendance: Attendance, now: Moment): Readonly<Record<string, number>> {
  const late = attendance.late(now)
  return Object.fromEntries(steps.map((step) => [levelNames[step], late[step]]))
}
