/** Rows as comma-separated values (RFC 4180). */
export function csvText(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((fields) => `${fields.map(csvField).join(',')}\r\n`).join('')
}

/** A field that begins as a formula does would run as one in a spreadsheet: it gets a quote before it. */
function csvField(field: string | number): string {
  const text = typeof field === 'number' ? String(field) : field.replace(/^(?=[=+\-@\t\r])/, "'")
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
