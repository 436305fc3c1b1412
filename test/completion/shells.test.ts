import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'
import { describeWith } from '../peers/peer.ts'
import { until } from '../peers/process.ts'

const cli = shipped('dist', 'siteward.cjs')
const enough = 60

/** A shell on a terminal of its own; `line` types and resolves to what then stands on its command line. */
class Shell {
  readonly #child
  readonly #answers: string
  #asked = 0
  #seen = ''

  constructor(command: string, cwd: string, answers: string) {
    this.#answers = answers
    const env = { PATH: process.env['PATH'], HOME: cwd, TERM: 'xterm', LC_ALL: 'C' }
    this.#child = spawn('script', ['-qfec', command, '/dev/null'], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stdout.on('data', (data: Buffer) => {
      this.#seen = (this.#seen + data.toString()).slice(-20_000)
    })
  }

  type(text: string): void {
    this.#child.stdin.write(text)
  }

  /** `text` with a TAB behind it; Ctrl-X p writes the line down, Ctrl-U takes it away. */
  async line(text: string): Promise<string> {
    const number = ++this.#asked
    this.type(`${text}\t`)
    this.type('\x18p')
    await until(
      () => this.#lines().length >= number,
      enough,
      () => `${text}: ${JSON.stringify(this.#seen)}`,
    )
    this.type('\x15')
    return this.#lines().at(number - 1) ?? ''
  }

  #lines(): readonly string[] {
    return existsSync(this.#answers) ? readFileSync(this.#answers, 'utf8').split('\n').slice(0, -1) : []
  }

  end(): void {
    this.#child.kill('SIGKILL')
    this.#child.stdin.destroy()
  }
}

let shell: Shell | undefined

afterEach(() => shell?.end())

/** A folder with the script, a site file and a folder, in which a shell can complete. */
function room(name: 'bash' | 'zsh'): { readonly folder: string; readonly answers: string } {
  const folder = mkdtempSync(join(tmpdir(), `siteward-${name}-`))
  mkdirSync(join(folder, 'functions'))
  writeFileSync(join(folder, 'functions', '_siteward'), execFileSync(process.execPath, [cli, 'completion', name]))
  writeFileSync(join(folder, 'hospital.yaml'), '')
  mkdirSync(join(folder, 'leases'))
  return { folder, answers: join(folder, 'answers') }
}

const cases = [
  ['siteward comp', 'siteward completion '],
  ['siteward completion b', 'siteward completion bash '],
  ['siteward run --web', 'siteward run --web.config.file '],
  ['siteward run --config hos', 'siteward run --config hospital.yaml '],
  ['siteward quiet e', 'siteward quiet end '],
  ['siteward record -o hos', 'siteward record -o hospital.yaml '],
  ['siteward run --lease l', 'siteward run --lease leases/'],
  ['siteward simulate hos', 'siteward simulate hospital.yaml '],
] as const

async function completeAll(one: Shell): Promise<void> {
  for (const [typed, completed] of cases) expect(await one.line(typed)).toBe(completed)
  // No file is meant where a number is.
  expect(await one.line('siteward simulate --port hos')).toBe('siteward simulate --port hos')
}

describeWith(['bash', 'script'], 'completion in bash', () => {
  test('of commands, words, options, files and folders', async () => {
    const { folder, answers } = room('bash')
    shell = new Shell('bash --norc --noprofile -i', folder, answers)
    shell.type(`source functions/_siteward; bind -x '"\\C-xp": printf "%s\\n" "$READLINE_LINE" >>${answers}'\n`)
    await completeAll(shell)
  }, 120_000)
})

describeWith(['zsh', 'script'], 'completion in zsh', () => {
  test.each([
    ['sourced', 'autoload -U compinit; compinit -u -D; source functions/_siteward'],
    ['from a folder of $fpath', 'fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D'],
  ])(
    '%s',
    async (_how, begin) => {
      const { folder, answers } = room('zsh')
      shell = new Shell('zsh -f -i', folder, answers)
      shell.type(`${begin}; show() { print -r -- "$BUFFER" >>${answers} }; zle -N show; bindkey '^Xp' show\n`)
      await completeAll(shell)
    },
    120_000,
  )
})
