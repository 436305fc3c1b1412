import { describe, expect, test } from 'vitest'
import { decide, type Situation } from '../../src/hold/decide.ts'
import type { FiringAlarm } from '../../src/hold/hold.ts'
import { childrenOf, type DeviceState, followersOf } from '../../src/hold/reach.ts'
import type { Dependency } from '../../src/model/dependency.ts'

const minute = 60_000
const now = 100 * minute
const on = (...devices: readonly string[]): readonly Dependency[] => [{ kind: 'any', devices }]

/** A device that has answered all the time, polled just now. */
function up(changed: Partial<DeviceState> = {}): DeviceState {
  const polled = { lastUp: now - 1000, upSince: 0, lastTried: now - 1000 }
  return { dependsOn: [], state: 'up', isAlarmed: false, ...polled, interval: minute, timeout: 10_000, ...changed }
}

/** One that has not answered for five minutes. */
function down(changed: Partial<DeviceState> = {}): DeviceState {
  return up({ state: 'down', isAlarmed: true, lastUp: now - 5 * minute, upSince: undefined, ...changed })
}

function silence(device: string, changed: Partial<FiringAlarm> = {}): FiringAlarm {
  const labels = { alertname: 'DeviceDown', device, severity: 'critical' }
  return { key: device, device, alarm: 'DeviceDown', labels, isSilence: true, activeAt: now - 4 * minute, ...changed }
}

interface World {
  readonly devices: Readonly<Record<string, DeviceState>>
  readonly quiet?: Situation['quiet']
  readonly inhibit?: Situation['inhibit']
  readonly told?: readonly FiringAlarm[]
  readonly startedAt?: number
}

/** Why each alarm is held back, as `reason: by`. */
function heldOf(world: World, untold: readonly FiringAlarm[]): Readonly<Record<string, string>> {
  const list = Object.entries(world.devices).map(([name, { dependsOn }]) => ({ name, dependsOn }))
  const { holds } = decide(untold, world.told ?? [], {
    now,
    startedAt: world.startedAt ?? 0,
    stateOf: (device) => world.devices[device],
    quiet: world.quiet ?? [],
    inhibit: world.inhibit ?? [],
    followers: (device) => followersOf(device, childrenOf(list)),
  })
  return Object.fromEntries([...holds].map(([key, { reason, by }]) => [key, `${reason}: ${by}`]))
}

describe('what is silent behind a dead device', () => {
  test('is held back, and blamed on the nearest of its dead ancestors', () => {
    const devices = {
      core: down(),
      access: down({ dependsOn: on('core') }),
      camera: down({ dependsOn: on('access') }),
    }
    expect(heldOf({ devices }, [silence('core'), silence('access'), silence('camera')])).toEqual({
      access: 'parent: core',
      camera: 'parent: access',
    })
  })

  test('is told where its parent answers', () => {
    expect(heldOf({ devices: { core: up(), camera: down({ dependsOn: on('core') }) } }, [silence('camera')])).toEqual(
      {},
    )
  })

  test('is told where nobody is told of the parent: an alarm that is off explains nothing', () => {
    const devices = { core: down({ isAlarmed: false }), camera: down({ dependsOn: on('core') }) }
    expect(heldOf({ devices }, [silence('camera')])).toEqual({})
  })

  test('says of what is read that it is told all the same', () => {
    const devices = { core: down(), server: up({ dependsOn: on('core') }) }
    expect(heldOf({ devices }, [silence('server', { isSilence: false })])).toEqual({})
  })

  test.each<[string, readonly Dependency[], Readonly<Record<string, DeviceState>>, string | undefined]>([
    ['one of two ways is dead', on('a', 'b'), { a: down(), b: up() }, undefined],
    ['both ways are dead', on('a', 'b'), { a: down(), b: down() }, 'parent: a'],
    ['reached, but not fed', [...on('a'), { kind: 'power', devices: ['b'] }], { a: up(), b: down() }, 'parent: b'],
    ['one of two feeds is left', [{ kind: 'power', devices: ['a', 'b'] }], { a: down(), b: up() }, undefined],
  ])('%s', (_, dependsOn, parents, expected) => {
    const held = heldOf({ devices: { ...parents, server: down({ dependsOn }) } }, [silence('server')])
    expect(held['server']).toBe(expected)
  })
})

describe('while it is not clear whether the parent is dead', () => {
  const camera = down({ dependsOn: on('core') })

  test('the alarm waits: the parent has not been asked since', () => {
    const core = up({ lastUp: now - 4.5 * minute, interval: 5 * minute })
    expect(heldOf({ devices: { core, camera } }, [silence('camera')])).toEqual({ camera: 'settling: core' })
  })

  test('an answer that may have been under way when the silence began proves nothing', () => {
    const core = up({ lastUp: now - 4 * minute + 5000, interval: 5 * minute })
    expect(heldOf({ devices: { core, camera } }, [silence('camera')])).toEqual({ camera: 'settling: core' })
  })

  test('it waits no longer than it takes to ask once', () => {
    const core = up({ lastUp: now - 7 * minute, interval: 3 * minute })
    expect(heldOf({ devices: { core, camera } }, [silence('camera')])).toEqual({})
  })

  test('after a start nothing is known of any device', () => {
    const devices = { core: up({ state: 'unknown', lastUp: undefined, lastTried: undefined }), camera }
    expect(heldOf({ devices, startedAt: now - 1000 }, [silence('camera')])).toEqual({ camera: 'settling: core' })
    expect(heldOf({ devices, startedAt: now - 20 * minute }, [silence('camera')])).toEqual({})
  })

  test('a parent that came back has its followers asked once more before they are told', () => {
    const core = up({ upSince: now - minute })
    const waits = down({ dependsOn: on('core'), lastTried: now - 2 * minute })
    const asked = down({ dependsOn: on('core'), lastTried: now - 30_000 })
    expect(heldOf({ devices: { core, camera: waits } }, [silence('camera')])).toEqual({ camera: 'settling: core' })
    expect(heldOf({ devices: { core, camera: asked } }, [silence('camera')])).toEqual({})
    const long = up({ upSince: now - 6 * minute })
    expect(heldOf({ devices: { core: long, camera: waits } }, [silence('camera')])).toEqual({})
  })
})

describe('quiet times and inhibition', () => {
  const battery = { alertname: 'UpsOnBattery' }
  const ups: FiringAlarm = silence('ups', {
    key: 'z',
    alarm: 'UpsOnBattery',
    labels: { ...battery, room: 'main' },
    isSilence: false,
  })
  const voltage = silence('pdu', { alarm: 'Voltage', labels: { alertname: 'Voltage', room: 'main' }, isSilence: false })
  const devices = { ups: up(), pdu: up({ dependsOn: [{ kind: 'power', devices: ['ups'] }] }) }

  test('a quiet time holds what it is about', () => {
    const quiet = [{ name: 'test', scope: { devices: ['pdu'], alarms: [], match: {} } }]
    expect(heldOf({ devices, quiet }, [ups, voltage])).toEqual({ pdu: 'quiet: test' })
  })

  test.each<[string, Situation['inhibit'][number], string | undefined]>([
    [
      'equal labels',
      { source: battery, target: { alertname: 'Voltage' }, equal: ['room'], followers: false },
      'inhibited: UpsOnBattery ups',
    ],
    ['followers', { source: battery, target: {}, equal: [], followers: true }, 'inhibited: UpsOnBattery ups'],
    ['another target', { source: battery, target: { alertname: 'Load' }, equal: [], followers: false }, undefined],
    [
      'labels that differ',
      { source: battery, target: {}, equal: ['device_class'], followers: false },
      'inhibited: UpsOnBattery ups',
    ],
  ])('an alarm explains others by %s', (_, rule, expected) => {
    expect(heldOf({ devices, inhibit: [rule] }, [ups, voltage])['pdu']).toBe(expected)
    expect(heldOf({ devices, inhibit: [rule], told: [ups] }, [voltage])['pdu']).toBe(expected)
  })

  test('of two that explain each other one is told', () => {
    const inhibit = [
      { source: battery, target: { alertname: 'Voltage' }, equal: [], followers: false },
      { source: { alertname: 'Voltage' }, target: battery, equal: [], followers: false },
    ]
    expect(Object.keys(heldOf({ devices, inhibit }, [ups, voltage]))).toEqual(['pdu'])
  })

  test('none holds itself back, or its like', () => {
    const inhibit = [{ source: battery, target: battery, equal: [], followers: false }]
    expect(heldOf({ devices, inhibit }, [ups, { ...ups, key: 'y' }])).toEqual({})
  })
})
