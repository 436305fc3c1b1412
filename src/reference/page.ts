/** Pure: a document that is made of something else, and says of what; parts are parted by blank lines. */
export function pageOf(from: string, title: string, introduction: string, parts: readonly string[]): string {
  const mark = `<!-- Made of ${from} by \`npm run docs\`; changes here are overwritten. -->`
  return `${[mark, `# ${title}`, introduction, ...parts].join('\n\n')}\n`
}

/** Pure: a table in Markdown; a bar in a cell would end it. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}
