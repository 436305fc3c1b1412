import { pageOf } from './page.ts'

/** A command as its own help tells of it. */
export interface Told {
  readonly name: string
  readonly summary: string
  readonly usage: string
}

const introduction = `Every command of siteward with the whole of its help, as \`siteward COMMAND --help\` prints it. What is typed wrong ends with
status 2 and says what is right.`

/** Pure: docs/commands.md, of the commands' own help. */
export function commandsPage(commands: readonly Told[]): string {
  const parts = commands.map(({ name, summary, usage }) =>
    [
      `## siteward ${name}`,
      `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
      `\`\`\`\n${usage.trimEnd()}\n\`\`\``,
    ].join('\n\n'),
  )
  return pageOf('the commands', 'Commands', introduction, parts)
}
