import type { Unit } from './unit.ts'

/** A text that an operator reads, in both of the site's languages. */
export interface Text {
  readonly en: string
  readonly zh: string
}

export type Language = keyof Text

interface MetricBase {
  readonly name: string
  readonly unit: Unit
  /** The labels that a series of it may have beside site and device. */
  readonly labels: readonly string[]
  readonly text: Text
}

/** A quantity that goes up and down, or (a counter) only up; `range` is what is physically possible. */
export interface NumberMetric extends MetricBase {
  readonly kind: 'gauge' | 'counter'
  readonly range: Range
}

/** One of a few named states; a reading's number is the index into `states`. Every state metric ends with `unknown`. */
export interface StateMetric extends MetricBase {
  readonly kind: 'state'
  readonly states: readonly string[]
  readonly stateTexts: Readonly<Record<string, Text>>
}

/** Facts in labels (a version, a serial number); the value is always 1. */
export interface InfoMetric extends MetricBase {
  readonly kind: 'info'
}

/** One entry of the vocabulary, config/metrics.yaml. */
export type Metric = NumberMetric | StateMetric | InfoMetric

/** Closed interval in the metric's base unit. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** Every metric that exists, by name. */
export type Vocabulary = ReadonlyMap<string, Metric>

/** The state that stands for a number or word that the probe does not know; never taken for a good one. */
export const unknownState = 'unknown'

/** The name of the state that a reading's number stands for. */
export function stateName(metric: StateMetric, value: number): string {
  return metric.states[value] ?? unknownState
}
