import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shipped } from '../../src/home.ts'
import type { Figure, Measured } from '../figure.ts'
import { memoryOf } from '../program.ts'
import { median, shortNumber, spreadOf } from '../rounds.ts'

const starts = 7
const most = { wall: 3, memory: 1.6 } as const

export const figure: Figure = {
  id: 15,
  figure: 'start to first poll of a site of one device, against bare `node -e 0`: wall (memory: in detail)',
  goal: '<= 3x wall, <= 1.6x memory',
  run: measure,
}

interface Started {
  readonly wall: number
  readonly memory: number
}

async function measure(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-bench-'))
  const device = new WaitingDevice()
  const address = `127.0.0.1:${await device.listen()}`
  const devices = `devices:\n  - { name: room, address: '${address}', probes: [modbus-temperature-humidity] }\n`
  writeFileSync(join(folder, 'site.yaml'), `site: bench\nlisten: 127.0.0.1:0\nalertmanagers: []\n${devices}`)
  const found: { ours: Started; bare: Started }[] = []
  try {
    for (let i = 0; i < starts; i++) found.push({ bare: await startBare(), ours: await startSiteward(folder, device) })
  } finally {
    device.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const ratios = found.map(({ ours, bare }) => ours.wall / bare.wall)
  const memory = median(found.map(({ ours, bare }) => ours.memory / bare.memory))
  const value = median(ratios)
  const side = (name: 'ours' | 'bare', part: keyof Started): string =>
    shortNumber(median(found.map((one) => one[name][part])))
  return {
    value,
    met: value <= most.wall && memory <= most.memory,
    spread: spreadOf(ratios),
    detail: `${side('ours', 'wall')} against ${side('bare', 'wall')} ms; peak memory ${shortNumber(memory)}x (${side('ours', 'memory')} against ${side('bare', 'memory')} MB)`,
  }
}

/** A device that only notes when it is first asked. */
class WaitingDevice {
  #asked: () => void = () => {}
  readonly #server: Server = createServer((socket) => {
    socket.on('error', () => {})
    this.#asked()
  })

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  }

  asked(): Promise<void> {
    return new Promise((resolve) => {
      this.#asked = resolve
    })
  }

  close(): void {
    this.#server.close()
  }
}

async function startSiteward(folder: string, device: WaitingDevice): Promise<Started> {
  const begun = performance.now()
  const args = [shipped('dist', 'siteward.cjs'), 'run', '--config', join(folder, 'site.yaml')]
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const gone = ended(child)
  await Promise.race([device.asked(), gone.then(() => Promise.reject(new Error('siteward has ended')))])
  const wall = performance.now() - begun
  const memory = memoryOf(child.pid ?? 0, 'VmHWM')
  child.kill('SIGKILL')
  await gone
  return { wall, memory }
}

/** Its memory is told by a second one, which has just as little to do. */
async function startBare(): Promise<Started> {
  const begun = performance.now()
  await ended(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }))
  const wall = performance.now() - begun
  const ask =
    "process.stdout.write(/VmHWM:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1])"
  const child = spawn(process.execPath, ['-e', ask], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString()
  })
  await ended(child)
  return { wall, memory: Number(said) / 1024 }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('close', () => resolve()))
}
