import type { Typeable, TypeableOption } from './typeable.ts'

/** A script for bash that completes `siteward`: commands, their words and options, and files where a file is meant. */
export function bashCompletion(commands: readonly Typeable[]): string {
  const names = [...commands.map(({ name }) => name), '--help', '--version'].join(' ')
  return `# bash completion for siteward. Made by: siteward completion bash
_siteward() {
  local word=\${COMP_WORDS[COMP_CWORD]} options='' words=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names}' -- "$word"))
    return
  fi
  # An empty list lets bash propose files; what is neither a file nor known is left to whoever types.
  case "\${COMP_WORDS[1]} \${COMP_WORDS[COMP_CWORD - 1]}" in
${caseOf(commands, 'file', '')}${caseOf(commands, 'folder', 'compopt +o default -o dirnames 2>/dev/null; ')}${caseOf(commands, 'other', 'compopt +o default 2>/dev/null; ')}  esac
  case "\${COMP_WORDS[1]}" in
${commands.map(wordsLine).join('\n')}
  esac
  if [ "\${word#-}" != "$word" ]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [ "$COMP_CWORD" -eq 2 ]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  fi
}
complete -o default -F _siteward siteward
`
}

function wordsLine({ name, words, options }: Typeable): string {
  const names = options.flatMap((option) => option.names).join(' ')
  return `    ${name}) options='${names}' words='${words.join(' ')}' ;;`
}

/** What happens behind an option that takes such a value; nothing where no command has one. */
function caseOf(commands: readonly Typeable[], value: TypeableOption['value'], action: string): string {
  const patterns = commands.flatMap(({ name, options }) =>
    options.filter((one) => one.value === value).flatMap(({ names }) => names.map((option) => `'${name} ${option}'`)),
  )
  return patterns.length === 0 ? '' : `    ${patterns.join(' | ')}) ${action}return ;;\n`
}
