/** Text as HTML and SVG show it, wherever it stands; what a device says may hold anything. */
export function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\x20-\u{10FFFF}]/gu, ' ')
    .toWellFormed()
    .replace(/[&<>"']/g, (sign) => signs[sign] ?? sign)
}

const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
