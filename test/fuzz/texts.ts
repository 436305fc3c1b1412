/** The number that a text begins with, sign by sign: blanks and NULs do not count, and the decimal mark may be a comma. */
export function leadingNumber(text: string): number {
  const rest = text.replaceAll('\0', '').trim()
  let at = rest[0] === '-' || rest[0] === '+' ? 1 : 0
  let digits = ''
  let isFraction = false
  for (; at < rest.length; at++) {
    const sign = rest[at] ?? ''
    if (sign >= '0' && sign <= '9') digits += sign
    else if ((sign === '.' || sign === ',') && !isFraction) {
      isFraction = true
      digits += '.'
    } else break
  }
  if (digits.replace('.', '') === '') return Number.NaN
  const exponent = /^[eE][-+]?\d+/.exec(rest.slice(at))?.[0] ?? ''
  return Number(`${rest.startsWith('-') ? '-' : ''}${digits}${exponent}`)
}

/** A label as it is shown: no control characters, no blanks around it, at most 256 characters. */
export function shown(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 256)
}

/** Equal to 12 digits, to which readings are rounded. */
export function isSame(a: number, b: number): boolean {
  return Number(a.toPrecision(12)) === Number(b.toPrecision(12))
}
