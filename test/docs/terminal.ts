import { spawn } from 'node:child_process'
import { shipped } from '../../src/home.ts'
import { pause } from '../peers/process.ts'

/** A shell that stays open, as a reader's does: folders, variables and background jobs last from block to block. */
export interface Terminal {
  /** Runs lines; resolves to what they print on both streams, rejects when one of them fails. */
  run(script: string): Promise<string>
  /** Ends the shell and all that it has started. */
  close(): Promise<void>
}

/** Opens a shell in a folder, in which `siteward` is the built command. */
export function openTerminal(folder: string, env: Readonly<Record<string, string>>): Terminal {
  const child = spawn('/bin/sh', [], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A process group of its own, so that background jobs can be ended with it.
    detached: true,
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let text = ''
  let looking: (() => void) | undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      text += data.toString()
      looking?.()
    })
  }
  child.stdin.write(
    `exec 2>&1\nset -e\nsiteward() { '${process.execPath}' '${shipped('dist', 'siteward.cjs')}' "$@"; }\n`,
  )
  let blocks = 0
  return {
    async run(script) {
      const mark = `end-of-block-${++blocks}`
      text = ''
      const ended = new Promise<boolean>((resolve) => {
        looking = () => {
          if (text.includes(mark)) resolve(true)
        }
        void gone.then(() => resolve(false))
      })
      child.stdin.write(`${script}\necho ${mark}\n`)
      if (await ended) return text.slice(0, text.indexOf(mark))
      throw new Error(`${script}\nended with ${child.exitCode ?? child.signalCode}:\n${text}`)
    },
    async close() {
      if (child.pid !== undefined) {
        try {
          process.kill(-child.pid, 'SIGTERM')
        } catch {
          // Nothing of it is left.
        }
      }
      child.stdin.destroy()
      await gone
      // What it has started ends in its own time, and the next document's siteward listens at the same place.
      for (let tries = 0; tries < 100 && isThere(child.pid); tries++) await pause(50)
    },
  }
}

/** Whether anything of a group of processes is left. */
function isThere(group: number | undefined): boolean {
  try {
    return group !== undefined && process.kill(-group, 0)
  } catch {
    return false
  }
}
