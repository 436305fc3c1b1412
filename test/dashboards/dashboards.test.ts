import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readSite } from '../../src/commands/site-file.ts'
import { dashboardsOf, placeOf } from '../../src/dashboards/dashboards.ts'
import { stateExpression } from '../../src/dashboards/panels.ts'
import { shipped } from '../../src/home.ts'
import type { Site } from '../../src/model/site.ts'
import { source } from '../samples.ts'

async function demoSite(): Promise<Site> {
  const { site } = await readSite(shipped('config', 'demo', 'site.yaml'), { STATE_DIRECTORY: '/nowhere' })
  if (site === undefined) throw new Error('no site')
  return site
}

interface Shown {
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly panels?: readonly Shown[]
  readonly targets?: readonly { readonly expr: string }[]
}

function panels(dashboard: object): readonly Shown[] {
  const { panels: shown } = dashboard as { panels: readonly Shown[] }
  return shown.flatMap((panel) => [panel, ...(panel.panels ?? [])])
}

describe('dashboards of a site', () => {
  test('every metric of the vocabulary has its place', async () => {
    const { vocabulary } = await demoSite()
    expect([...vocabulary.values()].flatMap((metric) => (placeOf(metric) === undefined ? [metric.name] : []))).toEqual(
      [],
    )
  })

  test('what the devices give has a panel, what they do not has none', async () => {
    const site = await demoSite()
    const made = dashboardsOf(site, 'en')
    expect(made.map(({ file }) => file)).toEqual(
      ['room', 'power', 'network', 'servers', 'siteward'].map((name) => `siteward-${name}.json`),
    )
    const titles = panels(made[0]?.dashboard ?? {}).map(({ title }) => title)
    expect(titles).toContain('Room temperature')
    expect(titles).toContain('Dew point of the room')
    expect(titles).not.toContain('Smoke detector')
    const sensorAlone = { ...site, devices: site.devices.filter(({ name }) => name === 'room') }
    expect(dashboardsOf(sensorAlone, 'en').map(({ file }) => file)).toEqual([
      'siteward-room.json',
      'siteward-siteward.json',
    ])
  })

  test('limits are drawn where the site has rules, and titles are in the language asked for', async () => {
    const [room] = dashboardsOf(await demoSite(), 'zh')
    const temperature = panels(room?.dashboard ?? {}).find(({ title }) => title === '机房温度')
    expect(temperature?.targets?.map(({ expr }) => expr)).toEqual([
      'room_temperature_celsius{site=~"$site",device=~"$device"}',
      'max by (severity, bound) (siteward_threshold{site=~"$site",device=~"$device",metric="room_temperature_celsius"})',
    ])
  })

  test('no panel lies on another', async () => {
    for (const { dashboard } of dashboardsOf(await demoSite(), 'en')) {
      const taken = new Set<string>()
      for (const { title, gridPos } of panels(dashboard)) {
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x} ${y}`), title).toBe(false)
            expect(x, title).toBeLessThan(24)
            taken.add(`${x} ${y}`)
          }
        }
      }
    }
  })

  test('a state is one line again', () => {
    const of = (state: string): string => `(s{site=~"$site",device=~"$device",state="${state}"} == 1)`
    expect(stateExpression({ ...source, name: 's', states: ['a', 'b'] })).toBe(
      `max without (state) (${of('a')} * 0 + 0 or ${of('b')} * 0 + 1)`,
    )
  })
})

interface Service {
  readonly image?: string
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly read_only?: boolean
  readonly security_opt?: readonly string[]
}

describe('config/compose', () => {
  const file = shipped('config', 'compose', 'docker-compose.yml')
  const compose = parse(readFileSync(file, 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>
    readonly volumes: Readonly<Record<string, unknown>>
  }

  test('each file that a container is given is there, but for those that the site brings', () => {
    const volumes = Object.values(compose.services).flatMap(({ volumes: list = [] }) => list)
    expect(volumes.length).toBeGreaterThan(8)
    for (const volume of volumes) {
      const [from = ''] = volume.split(':')
      if (!from.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(from)
      else if (!['./site.yaml', './secrets'].includes(from))
        expect(statSync(join(dirname(file), from)).isFile()).toBe(true)
    }
  })

  test('what is of siteward writes to no root of its own, and gains no right; all is published on this machine alone', () => {
    for (const { image, read_only, security_opt, ports = [] } of Object.values(compose.services)) {
      if (image === 'siteward')
        expect({ read_only, security_opt }).toEqual({ read_only: true, security_opt: ['no-new-privileges:true'] })
      expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
    }
  })

  test('every image is pinned', () => {
    const images = Object.values(compose.services).map(({ image = '' }) => image)
    expect(images.filter((image) => image !== 'siteward' && !/:v?\d+\.\d+\.\d+$/.test(image))).toEqual([])
  })
})
