/** FNV-1a, 32 bits (draft-eastlake-fnv): stable over processes and versions, so that a device keeps its place in time. */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
