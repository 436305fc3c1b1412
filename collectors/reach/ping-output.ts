/** What ping's summary says. */
export interface PingSummary {
  readonly sent: number
  readonly received: number
  /** Mean round trip in seconds; undefined where no answer came. */
  readonly roundTrip: number | undefined
}

/**
 * Reads the last lines of ping. iputils: `3 packets transmitted, 3 received, 0% packet loss, time 2003ms` and
 * `rtt min/avg/max/mdev = 0.048/0.147/0.247/0.099 ms`; busybox and BSD: `3 packets transmitted, 3 packets received, ...`
 * and `round-trip min/avg/max = 0.048/0.147/0.247 ms`. Undefined where there is no summary.
 */
export function parsePing(text: string): PingSummary | undefined {
  const tail = text.slice(-2000)
  const counts = /(\d{1,6}) packets transmitted, (\d{1,6}) (?:packets )?received/.exec(tail)
  if (counts === null) return undefined
  const times = /(?:rtt|round-trip) min\/avg\/max(?:\/\w+)? = [\d.]+\/([\d.]+)\//.exec(tail)
  const mean = times === null ? Number.NaN : Number(times[1]) / 1000
  const sent = Number(counts[1])
  return { sent, received: Math.min(Number(counts[2]), sent), roundTrip: Number.isFinite(mean) ? mean : undefined }
}
