import type { Typeable, TypeableOption } from './typeable.ts'

/** A script for zsh that completes `siteward`; it may be sourced, or lie in a folder of $fpath as `_siteward`. */
export function zshCompletion(commands: readonly Typeable[]): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')
  return `#compdef siteward
# zsh completion for siteward. Made by: siteward completion zsh
_siteward() {
  local -a commands
  commands=(
${described}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${commands.map(caseOf).join('\n')}
  esac
}
if [ "$funcstack[1]" = _siteward ]; then
  _siteward "$@"
else
  compdef _siteward siteward
fi
`
}

function caseOf({ name, words, options }: Typeable): string {
  const first = words.length === 0 ? [] : [quoted(`1:what:(${words.join(' ')})`)]
  const specs = [...options.flatMap(specsOf), ...first, quoted('*:file:_files')]
  return `    ${name})\n      _arguments ${specs.join(' \\\n        ')} ;;`
}

/** `'(-o --output)-o[...]:FILE:_files'`: one for each name, which exclude each other. */
function specsOf({ names, value, valueName, description, isRepeatable }: TypeableOption): readonly string[] {
  const others = names.length > 1 ? `(${names.join(' ')})` : ''
  const text = description === '' ? '' : `[${description.replace(/[[\]\\]/g, '\\$&')}]`
  const called = valueName.replaceAll(':', '\\:')
  const takes = { none: '', file: `:${called}:_files`, folder: `:${called}:_files -/`, other: `:${called}: ` }[value]
  return names.map((one) => quoted(`${isRepeatable ? '*' : others}${one}${text}${takes}`))
}

/** One word of the shell, whatever stands in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
