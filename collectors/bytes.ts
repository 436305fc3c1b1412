/** Bytes as `siteward explain` shows them: `01 03 04`, and how many more there are beyond `most`. */
export function hexText(bytes: Uint8Array, most = 64): string {
  const shown = [...bytes.subarray(0, most)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return bytes.length > most ? `${shown} ... (${bytes.length} bytes)` : shown
}
