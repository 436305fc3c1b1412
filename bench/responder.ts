import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shipped } from '../src/home.ts'
import { freePort, start, until } from '../test/peers/process.ts'

/** Simulated switches at work: one on each address of 127.0.0.0/8. */
export interface Responder {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

/** Real agents fill one Ethernet frame. */
export const frame = 1472

/** Compiles and starts bench/responder.c: switches with so many interfaces, whose replies have at most so many bytes. */
export async function startResponder(interfaces: number, largestReply = frame): Promise<Responder> {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-responder-'))
  const program = join(folder, 'responder')
  execFileSync('cc', ['-O2', '-o', program, shipped('bench', 'responder.c')], { stdio: 'pipe' })
  const port = await freePort()
  const running = start(program, [String(port), String(interfaces), String(largestReply)])
  await until(
    () => running.output().includes('ready'),
    20,
    () => running.output(),
  )
  return {
    port,
    pid: running.child.pid ?? 0,
    async stop() {
      await running.stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
