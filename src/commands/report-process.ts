import { type Ended, run, systemSpawn } from '../../collectors/child.ts'
import type { WriteReport, Written } from '../upkeep/report-keeper.ts'
import type { Io } from './command.ts'

/** A year of many devices, printed as PDF, from a slow Prometheus. */
const longest = 1_800_000
const mostSaid = 2 ** 20

/**
 * Writes the planned reports of a site file by `siteward report` in a process of its own, which watching never waits for,
 * and whose memory is given back.
 */
export function reportProcess(file: string, { env }: Io): WriteReport {
  const [, program = ''] = process.argv
  const own = Object.entries({ STATE_DIRECTORY: env['STATE_DIRECTORY'], TZ: env['TZ'] })
  const kept = Object.fromEntries(own.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  return async (name, day) => {
    const command = [process.execPath, ...process.execArgv, program, 'report']
    const options = ['--config', file, '--planned', name, '--of', day]
    const signal = AbortSignal.timeout(longest)
    return written(await run([...command, ...options], { signal, spawn: systemSpawn, most: mostSaid, env: kept }))
  }
}

function written(ended: Ended): Written {
  switch (ended.kind) {
    case 'done':
      return ended.code === 0
        ? { ok: true, files: ended.out.split('\n').filter((line) => line !== '') }
        : { ok: false, why: ended.err.trim().slice(-1000) || `exit status ${ended.code}` }
    case 'killed':
      return { ok: false, why: `it took longer than ${longest / 60_000} minutes` }
    case 'too-much':
      return { ok: false, why: 'it says too much' }
    case 'missing':
    case 'no-room':
      return { ok: false, why: 'the system cannot start another process' }
  }
}
