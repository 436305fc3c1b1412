/** What may stand behind an option, as far as a shell can propose it. */
export type ValueKind = 'none' | 'file' | 'folder' | 'other'

/** An option of a command. */
export interface TypeableOption {
  /** `--output`, or `-o` and `--output`. */
  readonly names: readonly string[]
  readonly value: ValueKind
  /** What its value is called, as `FILE`; empty where it takes none. */
  readonly valueName: string
  readonly description: string
  readonly isRepeatable: boolean
}

/** One command as the shells complete it. */
export interface Typeable {
  readonly name: string
  readonly summary: string
  /** Words that may follow the command's name, as `add` and `end` of `siteward quiet`. */
  readonly words: readonly string[]
  readonly options: readonly TypeableOption[]
}

/** `-o, --output FILE`: one option with what it takes. */
const option = /(?<![\w-])((?:-\w, )?--[a-z][\w.-]*)(?:[ =](?!-)([^\s[\]|()]+))?( \.\.\.)?/g

/**
 * What may be typed behind a command's name, read from its help: the synopsis (the first paragraph) and the lines that
 * explain an option. So there is no second list of options that could differ from the first.
 */
export function typeableOf(name: string, summary: string, usage: string): Typeable {
  const [synopsis = ''] = usage.split('\n\n', 1)
  const options = new Map<string, TypeableOption>()
  for (const found of [...explained(usage), ...named(synopsis)]) {
    const key = found.names.at(-1) ?? ''
    const known = options.get(key)
    if (known === undefined) options.set(key, found)
    else if (found.isRepeatable) options.set(key, { ...known, isRepeatable: true })
  }
  const help = {
    names: ['--help'],
    value: 'none',
    valueName: '',
    description: 'tell more',
    isRepeatable: false,
  } as const
  return { name, summary, words: wordsOf(name, synopsis), options: [...options.values(), help] }
}

/** Lines as `  --json    print JSON`, or an option that is explained in the line below it. */
function explained(usage: string): readonly TypeableOption[] {
  const lines = usage.split('\n')
  return lines.flatMap((line, index) => {
    const [, names, valueName = '', text = lines[index + 1]?.trim() ?? ''] =
      /^ {2}((?:-\w, )?--[a-z][\w.-]*)(?: ([A-Z][^\s]*))?(?: {2,}(\S.*))?$/.exec(line) ?? []
    return names === undefined ? [] : [optionOf(names, valueName, text, text.includes('several times'))]
  })
}

function named(synopsis: string): readonly TypeableOption[] {
  return [...synopsis.matchAll(option)].map(([, names = '', valueName = '', more]) =>
    optionOf(names, valueName, '', more !== undefined),
  )
}

function optionOf(names: string, valueName: string, description: string, isRepeatable: boolean): TypeableOption {
  return { names: names.split(', '), value: kindOf(valueName), valueName, description, isRepeatable }
}

function kindOf(valueName: string): ValueKind {
  if (valueName === '') return 'none'
  if (valueName === 'FILE') return 'file'
  return valueName === 'FOLDER' ? 'folder' : 'other'
}

/** Words in small letters behind the command's name: `siteward quiet add`, `siteward completion bash|zsh`. */
function wordsOf(name: string, synopsis: string): readonly string[] {
  const behind = synopsis.matchAll(new RegExp(`siteward ${name} ([a-z|]+)(?= |$)`, 'gm'))
  return [...behind].flatMap(([, words = '']) => words.split('|'))
}
