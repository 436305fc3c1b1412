import { Judge } from '../../src/judge/judge.ts'
import { type Row, SeriesTable } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { makeDevice, makeRule, temperature } from '../../test/samples.ts'
import { answer, ownCpu } from '../program.ts'

/** How many rounds to judge. */
export interface Rounds {
  readonly rounds: number
}

/** CPU milliseconds of a round, and of the longest piece of one after which other work may run. */
export interface Judged {
  readonly ms: number
  readonly longest: number
  readonly transitions: number
}

/** Readings of one poll: a device with a hundred sensors. */
const readingsEach = 100
/** Of a hundred readings one is over its limit, every other round. */
const hot = 29
const good = 21

/** Devices with a rule on each of their readings, judged poll by poll. Arguments: READINGS. */
const [, , readings] = process.argv
const rule = makeRule({
  condition: { kind: 'within', low: { kind: 'fixed', value: 20 }, high: { kind: 'fixed', value: 28 }, hysteresis: 0.5 },
  for: 120_000,
})
const store = new Store()
const judge = new Judge({ name: 'bench', labels: {} }, store)
const table = new SeriesTable('bench', (series) => {
  store.add(series)
  judge.addSeries(series)
})
const polls: { source: ReturnType<typeof table.source>; rows: readonly Row[] }[] = []
for (let i = 0; i < Number(readings) / readingsEach; i++) {
  const name = `room-${i}`
  judge.addDevice(makeDevice({ name, rules: [rule] }))
  const source = table.source(name, 'sensors')
  const scope = table.scope(source)
  for (let sensor = 0; sensor < readingsEach; sensor++) scope.row([temperature], { sensor: String(sensor) })
  polls.push({ source, rows: table.rowsOf(source) })
}

let round = 0
answer(async ({ rounds }: Rounds): Promise<Judged> => {
  let ms = 0
  let longest = 0
  let transitions = 0
  for (let i = 0; i < rounds; i++) {
    const at = { wall: ++round * 60_000, mono: round * 60_000 }
    for (const { rows } of polls) {
      for (const [sensor, row] of rows.entries()) {
        const isHot = sensor === 7 && round % 2 === 0
        store.apply({ series: row.series(0), value: isHot ? hot : good + sensor / readingsEach }, at.mono)
      }
    }
    for (const { source } of polls) {
      const used = await ownCpu(async () => {
        transitions += judge.judge(table.seriesOf(source), at).length
      })
      ms += used
      longest = Math.max(longest, used)
    }
  }
  return { ms: ms / rounds, longest, transitions: transitions / rounds }
})
