import { seededRandom } from '../../src/model/random.ts'
import { pause, until } from '../peers/process.ts'
import { isOver, type Told } from './alertmanager.ts'
import type { House } from './house.ts'
import { alarm, cold, hot, Scene } from './scene.ts'

/** What a run of kills has shown; the lists are empty where all is as it must be. */
export interface Verdict {
  readonly kills: number
  /** Hot times of a room that somebody was told of. */
  readonly alarms: number
  readonly lost: readonly string[]
  readonly falseResolves: readonly string[]
  readonly falseAlarms: readonly string[]
  readonly changedStarts: readonly string[]
}

const rooms = 4
/** Longer than a reading is under way on a slow machine: near a change of the room both are right. */
const blur = 3000
/** Kills from one look to the next whether Alertmanager knows what is so. */
const stretch = 20

/** A time in which a room was hot; the last one may go on. */
interface Hot {
  readonly room: number
  readonly from: number
  to: number
}

/** One daemon that is killed and started again and again, its rooms, and who it tells. */
class Victim {
  readonly #seed: number
  readonly #random: () => number
  readonly #scene: Scene
  readonly #hot: Hot[] = []
  readonly #lost: string[] = []
  #kills = 0

  constructor(scene: Scene, seed: number) {
    this.#scene = scene
    this.#seed = seed
    this.#random = seededRandom(seed)
  }

  /** Kills the daemon so often, at random moments, and looks in between whether all is told. */
  async suffer(kills: number): Promise<Verdict> {
    const { house } = this.#scene
    while (this.#kills < kills) {
      const weather = this.#weather()
      for (let i = 0; i < stretch && this.#kills < kills; i++) await this.#kill(house)
      await weather.stop()
      await this.#settle(house)
    }
    return this.#verdict()
  }

  /** One life: some end while they begin, the others some time after they have begun to watch. */
  async #kill(house: House): Promise<void> {
    house.launch()
    if (this.#random() < 0.3) await pause(this.#random() * 800)
    else {
      await this.#isUp(house)
      await pause(this.#random() * 2500)
    }
    await house.stop('SIGKILL')
    this.#kills++
  }

  async #isUp(house: House): Promise<void> {
    const answers = async (): Promise<boolean> => {
      // While it was dead, somebody's outgoing connection may have had its port for a moment.
      if (!house.isAlive) house.launch()
      return (await house.page()).samples.length > 0
    }
    await until(answers, 120, () => `it does not start: ${house.output.slice(-2000)}`)
  }

  /** The rooms get hot and well again, each when it likes, whatever becomes of the daemon. */
  #weather(): { stop(): Promise<void> } {
    let isOn = true
    const one = async (room: number): Promise<void> => {
      const random = seededRandom(this.#seed * 1000 + this.#kills * 10 + room)
      for (let isHot = true; isOn; isHot = !isHot) {
        await pause((isHot ? 4000 : 6000) * (0.5 + random()))
        if (isOn) this.#set(room, isHot ? hot : cold)
      }
    }
    const all = Array.from({ length: rooms }, (_, room) => one(room))
    return {
      stop: async () => {
        isOn = false
        await Promise.all(all)
      },
    }
  }

  /** With no more kills, and nothing that changes, Alertmanager comes to hold what is so, and no more. */
  async #settle(house: House): Promise<void> {
    const from = Date.now()
    house.launch()
    await this.#isUp(house)
    const wanted = (): string => this.#hotNow().join()
    const names = (told: readonly Told[]): string =>
      told
        .map(({ labels }) => labels['device'] ?? '')
        .sort()
        .join()
    const fresh = (): readonly Told[] => this.#scene.alertmanager.active.filter(({ at }) => at > from)
    const held = (): string => names(this.#scene.alertmanager.active)
    await until(
      () => held() === wanted() && names(fresh()) === wanted(),
      120,
      () => '',
    ).catch(() => this.#lost.push(`hot: ${wanted()}; told: ${held()}, after ${this.#kills} kills`))
    await house.stop('SIGKILL')
    this.#kills++
  }

  #hotNow(): readonly string[] {
    return this.#hot
      .filter(({ to }) => to === Number.POSITIVE_INFINITY)
      .map(({ room }) => `room-${room}`)
      .sort()
  }

  #set(room: number, value: number): void {
    const now = Date.now()
    const last = this.#hot.findLast((one) => one.room === room)
    if (value === hot) this.#hot.push({ room, from: now, to: Number.POSITIVE_INFINITY })
    else if (last !== undefined && last.to === Number.POSITIVE_INFINITY) last.to = now
    this.#scene.set(room, value)
  }

  #verdict(): Verdict {
    const told = this.#scene.alertmanager.told.filter(({ labels }) => labels['alertname'] === alarm)
    const roomOf = ({ labels }: Told): number => Number(labels['device']?.slice('room-'.length))
    const during = (room: number, at: number, margin: number): Hot | undefined =>
      this.#hot.find((one) => one.room === room && at > one.from + margin && at < one.to - margin)
    const text = (one: Told): string =>
      `room-${roomOf(one)} from ${one.startsAt} to ${one.endsAt}, told ${one.at}; hot: ${JSON.stringify(this.#hot.filter(({ room }) => room === roomOf(one)))}`
    // An end lies where the room was well; a beginning where it was hot.
    const falseResolves = told.filter((one) => isOver(one) && during(roomOf(one), one.endsAt, blur) !== undefined)
    const falseAlarms = told.filter((one) => during(roomOf(one), one.startsAt, -blur) === undefined)
    const births = new Map<Hot, Set<number>>()
    for (const one of told) {
      const born = during(roomOf(one), one.startsAt, 0)
      if (born !== undefined) births.set(born, (births.get(born) ?? new Set()).add(one.startsAt))
    }
    const changed = [...births].filter(([, starts]) => starts.size > 1)
    return {
      kills: this.#kills,
      alarms: births.size,
      lost: this.#lost,
      falseResolves: falseResolves.map(text),
      falseAlarms: falseAlarms.map(text),
      changedStarts: changed.map(
        ([{ room, from }, starts]) => `room-${room}, hot since ${from}: ${[...starts].join()}`,
      ),
    }
  }
}

async function oneVictim(kills: number, seed: number): Promise<Verdict> {
  const scene = await Scene.build({ rooms })
  try {
    return await new Victim(scene, seed).suffer(kills)
  } finally {
    await scene.close()
  }
}

/** So many kills, shared by so many daemons at once; the same seed gives the same moments. */
export async function runKills(kills: number, atOnce: number, seed: number): Promise<Verdict> {
  const each = Math.ceil(kills / atOnce)
  const verdicts = await Promise.all(Array.from({ length: atOnce }, (_, i) => oneVictim(each, seed + i)))
  const all = <Key extends keyof Verdict>(key: Key): Verdict[Key][] => verdicts.map((one) => one[key])
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
  return {
    kills: sum(all('kills')),
    alarms: sum(all('alarms')),
    lost: all('lost').flat(),
    falseResolves: all('falseResolves').flat(),
    falseAlarms: all('falseAlarms').flat(),
    changedStarts: all('changedStarts').flat(),
  }
}
