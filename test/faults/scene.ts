import { type ModbusSimulator, startModbusSimulator } from '../../collectors/modbus/simulator.ts'
import { until } from '../peers/process.ts'
import { Alertmanager, type Told } from './alertmanager.ts'
import { House, type HouseOrder } from './house.ts'

/** The alarm of a room that is too hot. */
export const alarm = 'RoomTemperature'
export const cold = 24
export const hot = 35

/** What is not as usual in a scene. */
export interface SceneOrder extends Partial<Omit<HouseOrder, 'site'>> {
  readonly rooms?: number
  /** The rule on the temperature: broken for a second it fires, and good once it is over. */
  readonly rule?: string
  /** More of the site file. */
  readonly more?: string
}

const usualRule = '{ hysteresis: 0, for: 1s, keep_firing_for: 0s, warning: off, critical: { within: 20..28 } }'

/** A daemon, the rooms that it watches, each a sensor named room-0 and on, and an Alertmanager that it tells. */
export class Scene {
  readonly house: House
  readonly alertmanager: Alertmanager
  readonly #simulator: ModbusSimulator
  readonly #order: SceneOrder

  private constructor(house: House, alertmanager: Alertmanager, simulator: ModbusSimulator, order: SceneOrder) {
    this.house = house
    this.alertmanager = alertmanager
    this.#simulator = simulator
    this.#order = order
  }

  /** Builds it, with every room well; the daemon does not run yet. */
  static async build(order: SceneOrder = {}): Promise<Scene> {
    const alertmanager = new Alertmanager()
    await alertmanager.open()
    const simulator = await startModbusSimulator({ units: new Map() })
    const scene = new Scene(await House.build({ ...order, site: '' }), alertmanager, simulator, order)
    scene.furnish()
    for (let room = 0; room < (order.rooms ?? 1); room++) scene.set(room, cold)
    return scene
  }

  /** Writes the site file anew, with something changed. */
  furnish(changed: SceneOrder & { readonly devices?: string } = {}): void {
    const { rooms = 1, rule = usualRule, more = '' } = { ...this.#order, ...changed }
    const devices = changed.devices ?? Array.from({ length: rooms }, (_, room) => this.entryOf(room)).join('\n')
    this.house.writeSite(`alertmanagers: ['${this.alertmanager.url}']
resend: 1s
watchdog: off
defaults: { interval: 1s, timeout: 1s }
rules:
  RoomHumidity: off
  RoomTemperature: ${rule}
${more}
devices:
${devices}
`)
  }

  /** A room's entry in the site file; `more` as `, labels: { floor: '1' }`. */
  entryOf(room: number, more = ''): string {
    const address = `127.0.0.1:${this.#simulator.port}`
    return `  - { name: room-${room}, address: '${address}', probes: [modbus-temperature-humidity], modbus: { unit: ${room + 1} }${more} }`
  }

  set(room: number, celsius: number): void {
    this.#simulator.set(room + 1, 'holding', 0, [celsius * 10, 550])
  }

  /** What Alertmanager was told of a room. */
  told(room: number): readonly Told[] {
    return this.alertmanager.of(`room-${room}`, alarm)
  }

  /** Waits until something is so; `condition` may fail meanwhile. */
  until(condition: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
    const said = (): string => `${this.house.output.slice(-3000)}\n${JSON.stringify(this.alertmanager.told.slice(-20))}`
    return until(condition, seconds, said)
  }

  /** Whether the alarm of a room is in this state, as the daemon exposes it. */
  async isIn(room: number, state: 'pending' | 'firing' | 'inactive'): Promise<boolean> {
    const page = await this.house.page()
    const value = (one: string): number =>
      page.value('siteward_alarms', { device: `room-${room}`, alarm, state: one }) ?? 0
    return state === 'inactive' ? value('pending') + value('firing') === 0 : value(state) > 0
  }

  /** Whether all rooms are read. */
  async isRead(): Promise<boolean> {
    const page = await this.house.page()
    return page.all('room_temperature_celsius').length === (this.#order.rooms ?? 1)
  }

  async close(): Promise<void> {
    await this.house.remove()
    await this.#simulator.close()
    await this.alertmanager.close()
  }
}
