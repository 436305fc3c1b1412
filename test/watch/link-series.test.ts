import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/config/files.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { shipped } from '../../src/home.ts'
import { compareEnds } from '../../src/model/link.ts'
import { stateName } from '../../src/model/metric.ts'
import { SeriesTable, type Source } from '../../src/model/series.ts'
import { Store } from '../../src/store/store.ts'
import { LinkSeries } from '../../src/watch/link-series.ts'

const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)

test.each([
  [{ speed: 1, duplex: 'full' }, { speed: 1, duplex: 'full' }, 'agrees'],
  [{ speed: 1, duplex: 'full' }, { speed: 10, duplex: 'half' }, 'speed_differs'],
  [{ speed: 1, duplex: 'full' }, { speed: 1, duplex: 'half' }, 'duplex_differs'],
  [{ speed: undefined, duplex: 'full' }, { speed: 1, duplex: undefined }, undefined],
  [{ speed: 1, duplex: undefined }, { speed: 1, duplex: 'half' }, 'agrees'],
])('%j and %j: %s', (here, there, expected) => {
  expect(compareEnds(here, there)).toBe(expected)
})

/** A site with some devices; `read` gives a series a value, as a poll does. */
function siteOf(...devices: readonly string[]) {
  const store = new Store()
  const table: SeriesTable = new SeriesTable('site', (series) => {
    store.add(series)
    links.added(series)
  })
  const links = new LinkSeries(vocabulary, table, store)
  const sources = new Map<string, Source>(devices.map((device) => [device, table.source(device, 'p')]))
  const read = (device: string, metric: string, labels: Record<string, string>, value: number | string): void => {
    const source = sources.get(device)
    const known = vocabulary.get(metric)
    if (source === undefined || known === undefined) throw new Error(`${device} ${metric}`)
    const series = table.scope(source).series(known, labels)
    if (series === undefined) throw new Error('no series')
    const number = known.kind === 'state' ? known.states.indexOf(String(value)) : Number(value)
    store.apply({ series, value: number }, 1)
  }
  const linksOf = (device: string): readonly string[] =>
    [...links.update(device, 2)].flatMap((series) => {
      const value = store.value(series)
      if (Number.isNaN(value) || series.metric.kind !== 'state') return []
      const { interface: here, neighbour, neighbour_interface: far } = series.labels
      return [`${here} - ${neighbour} ${far}: ${stateName(series.metric, value)}`]
    })
  return { read, linksOf }
}

const gigabit = 125e6

describe('links between two devices of the site', () => {
  function pair() {
    const { read, linksOf } = siteOf('access-1', 'core-1')
    read(
      'access-1',
      'lldp_neighbour_info',
      { interface: 'Gi0/1', neighbour: 'CORE.hospital', neighbour_interface: 'TenGigabitEthernet1/1' },
      1,
    )
    read('core-1', 'device_info', { name: 'core' }, 1)
    read('core-1', 'interface_info', { interface: 'Te1/1', description: 'TenGigabitEthernet1/1' }, 1)
    read('access-1', 'interface_speed_bytes_per_second', { interface: 'Gi0/1' }, gigabit)
    read('core-1', 'interface_speed_bytes_per_second', { interface: 'Te1/1' }, gigabit)
    return { read, linksOf }
  }
  const link = 'Gi0/1 - CORE.hospital TenGigabitEthernet1/1'

  test('the neighbour is found by the name that it gives itself, its port by its description', () => {
    const { read, linksOf } = pair()
    expect(linksOf('access-1')).toEqual([`${link}: agrees`])
    read('core-1', 'interface_speed_bytes_per_second', { interface: 'Te1/1' }, 10 * gigabit)
    expect(linksOf('access-1')).toEqual([`${link}: speed_differs`])
    expect(linksOf('core-1')).toEqual([])
  })

  test('duplex', () => {
    const { read, linksOf } = pair()
    read('access-1', 'interface_duplex_state', { interface: 'Gi0/1' }, 'half')
    read('core-1', 'interface_duplex_state', { interface: 'Te1/1' }, 'full')
    expect(linksOf('access-1')).toEqual([`${link}: duplex_differs`])
  })

  test('a link that both ends tell is told once', () => {
    const { read, linksOf } = pair()
    read('access-1', 'device_info', { name: 'access-1' }, 1)
    read(
      'core-1',
      'lldp_neighbour_info',
      { interface: 'Te1/1', neighbour: 'access-1', neighbour_interface: 'Gi0/1' },
      1,
    )
    expect(linksOf('access-1')).toHaveLength(1)
    expect(linksOf('core-1')).toEqual([])
  })

  test('what is not known any more is not compared: a neighbour that is gone, a port without a link, a stranger', () => {
    const { read, linksOf } = pair()
    read('core-1', 'interface_speed_bytes_per_second', { interface: 'Te1/1' }, 0)
    expect(linksOf('access-1')).toEqual([])
    read('core-1', 'interface_speed_bytes_per_second', { interface: 'Te1/1' }, Number.NaN)
    expect(linksOf('access-1')).toEqual([])
    read(
      'access-1',
      'lldp_neighbour_info',
      { interface: 'Gi0/2', neighbour: 'printer', neighbour_interface: 'eth0' },
      1,
    )
    expect(linksOf('access-1')).toEqual([])
  })
})
