import { parseArgs } from 'node:util'
import { bashCompletion } from '../completion/bash.ts'
import { typeableOf } from '../completion/typeable.ts'
import { zshCompletion } from '../completion/zsh.ts'
import { type Command, type Listed, UsageError } from './command.ts'

const usage = `Usage: siteward completion bash|zsh

Prints a script that completes siteward's commands and options in a shell:

  source <(siteward completion bash)                           in ~/.bashrc
  source <(siteward completion zsh)                            in ~/.zshrc, behind compinit
  siteward completion zsh > "\${fpath[1]}/_siteward"            or once for all

Exit status: 0, or 2 for a wrong command line.
`

const scripts = { bash: bashCompletion, zsh: zshCompletion } as const

/** `siteward completion`, of the commands in this list and itself. */
export function completionOf(listed: readonly Listed[]): Command {
  return {
    name: 'completion',
    summary: 'print a script that completes commands and options in a shell',
    usage,
    async run(args, io) {
      const { positionals } = parseArgs({ args: [...args], options: {}, allowPositionals: true })
      const [shell] = positionals
      if (positionals.length !== 1 || (shell !== 'bash' && shell !== 'zsh'))
        throw new UsageError('it takes the name of a shell: bash or zsh')
      const commands = await Promise.all(listed.map(({ load }) => load()))
      io.out.write(scripts[shell](commands.map(({ name, summary, usage }) => typeableOf(name, summary, usage))))
      return 0
    },
  }
}
