import type { Milliseconds } from './clock.ts'

const parts: Readonly<Record<string, Milliseconds>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Reads a duration as Prometheus writes it (`30s`, `2m`, `1h30m`, `500ms`); undefined when it is none. */
export function parseDuration(text: string): Milliseconds | undefined {
  if (!/^(\d+(ms|[smhdw]))+$/.test(text)) return undefined
  let total = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) total += Number(count) * (parts[unit ?? ''] ?? 0)
  return total
}

/** A duration as Prometheus writes it: 90,000 -> `1m30s`. */
export function formatDuration(duration: Milliseconds): string {
  let left = Math.max(0, Math.round(duration))
  if (left === 0) return '0s'
  let text = ''
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = parts[unit] ?? 1
    const count = Math.floor(left / size)
    if (count > 0) text += `${count}${unit}`
    left -= count * size
  }
  return text
}
