/** Greatest arc that BER and SNMP allow: 2^32 - 1 (RFC 2578 section 3.5). */
const greatestArc = 4_294_967_295

/** Whether every number of an OID is one that SNMP can send. */
export function isOid(text: string): boolean {
  return text.split('.').every((arc) => Number(arc) <= greatestArc)
}

/** Whether `next` comes behind `last`; both are what stands behind a column's OID, such as `12` or `1.3.1`. */
export function follows(last: string, next: string): boolean {
  // Most indexes are one number.
  if (!last.includes('.') && !next.includes('.')) return Number(next) > Number(last)
  const a = last.split('.')
  const b = next.split('.')
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = Number(b[i]) - Number(a[i])
    if (difference !== 0) return difference > 0
  }
  return b.length > a.length
}
