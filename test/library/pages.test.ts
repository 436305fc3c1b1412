import { expect, test } from 'vitest'
import { devicesPage, metricsPage } from '../../src/library/pages.ts'
import { makePoint, makeProbe, makeRule, source, temperature } from '../samples.ts'

test('the vocabulary as a page, in the sections of its file', () => {
  const text = [
    'metrics:',
    '  # Room',
    '',
    `  ${temperature.name}: { type: gauge } # not a title`,
    '  # a note on the next metric',
    `  ${source.name}:`,
    '    type: state',
    '',
  ].join('\n')
  const page = metricsPage(new Map([temperature, source].map((metric) => [metric.name, metric])), text)
  expect(page).toContain('## Room\n')
  expect(page).not.toContain('a note')
  expect(page).toContain(
    '| `room_temperature_celsius` | gauge | celsius | `sensor` | -40 °C to 85 °C | Room temperature | 机房温度 |',
  )
  expect(page).toContain('| normal, battery | UPS output source |')
})

test('the probes as a page: what each reads, its alarms, on what it was proven', () => {
  const probe = { ...makeProbe('modbus', [makePoint({}), makePoint({})], {}), rules: [makeRule()] }
  const proven = { ...probe, name: 'b|c', proof: 'register-map' } as const
  const page = devicesPage([
    { probe: proven, kind: 'room' },
    { probe, kind: 'cooling' },
  ])
  expect(page.indexOf('## cooling')).toBeLessThan(page.indexOf('## room'))
  expect(page).toContain('| `sample` | Sample | modbus | recording | Room temperature | RoomTemperature |')
  expect(page).toContain('| `b\\|c` | Sample | modbus | register map | Room temperature | RoomTemperature |')
})
