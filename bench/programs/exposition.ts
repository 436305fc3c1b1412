import { Gauge, Registry } from 'prom-client'
import { Exposition } from '../../src/expose/exposition.ts'
import { answer, ownCpu } from '../program.ts'
import { columnNumbers, fillStore, metricName, rowLabels, rowsOf, switchOf, valueAt } from './many-series.ts'

/** How often to write the whole exposition, every value changed since the last. */
export interface Writings {
  readonly times: number
}

/** CPU milliseconds of one, and its length. */
export interface Written {
  readonly ms: number
  readonly bytes: number
}

/** One side of the comparison. */
interface Side {
  set(round: number): void
  /** Writes all of it as bytes; their number. */
  write(): Promise<number>
}

/** The text of so many series, by siteward or by prom-client. Arguments: SIDE SERIES. */
const [, , side, count] = process.argv
const one = side === 'siteward' ? siteward(Number(count)) : promClient(Number(count))
let round = 0
answer(async ({ times }: Writings): Promise<Written> => {
  let ms = 0
  let bytes = 0
  for (let i = 0; i < times; i++) {
    one.set(++round)
    ms += await ownCpu(async () => {
      bytes = await one.write()
    })
  }
  return { ms: ms / times, bytes }
})

function siteward(series: number): Side {
  const { store, set } = fillStore(series)
  const exposition = new Exposition(store)
  return {
    set,
    async write() {
      let bytes = 0
      for (const chunk of exposition.chunks('text')) bytes += chunk.length
      return bytes
    },
  }
}

function promClient(series: number): Side {
  const registry = new Registry()
  const gauges = columnNumbers.map((column) => {
    const name = metricName(column)
    const labelNames = ['site', 'device', 'ifName', 'ifAlias']
    return new Gauge({ name, help: name, labelNames, registers: [registry] })
  })
  const labels = Array.from({ length: rowsOf(series) }, (_, row) => ({
    site: 'bench',
    device: switchOf(row),
    ...rowLabels(row),
  }))
  const set = (now: number): void => {
    for (const [column, gauge] of gauges.entries()) {
      for (const [row, own] of labels.entries()) gauge.set(own, valueAt(column, row, now))
    }
  }
  set(0)
  return { set, write: async () => Buffer.from(await registry.metrics()).length }
}
