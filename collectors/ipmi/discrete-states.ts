/** What a sensor's events mean, as FreeIPMI says it; `Unknown` stands for a text that nobody has judged. */
export type SensorState = 'Nominal' | 'Warning' | 'Critical' | 'Unknown'

/*
 * ipmitool gives no verdict on a discrete sensor: its status is `ok` even for a failed power supply. These are
 * ipmitool's texts (lib/ipmi_sel.c, generic_event_types and sensor_specific_event_types) with the verdicts that FreeIPMI
 * gives the same events (freeipmi_interpret_sensor.conf).
 */
const critical = [
  ...['failure detected', 'predictive failure', 'power supply ac lost', 'ac lost or out-of-range', 'ac lost'],
  ...['ac out-of-range, but present', 'config error', 'configuration error', 'soft-power control failure'],
  ...['ierr', 'thermal trip', 'frb1/bist failure', 'frb2/hang in post failure', 'frb3/processor startup/init failure'],
  ...['sm bios uncorrectable cpu-complex error', 'disabled', 'uncorrectable ecc', 'parity', 'memory scrub failed'],
  ...['memory device disabled', 'critical overtemperature', 'drive fault', 'in critical array', 'in failed array'],
  ...['rebuild aborted', 'redundancy lost', 'non-redundant: sufficient from redundant', 'limit exceeded'],
  ...['non-redundant: sufficient from insufficient', 'non-redundant: insufficient resources', 'performance lags'],
  ...['general chassis intrusion', 'drive bay intrusion', 'i/o card area intrusion', 'processor area intrusion'],
  ...[
    'fan area intrusion',
    'system unplugged from lan',
    'unauthorized dock',
    'transition to degraded',
    'install error',
  ],
  ...['transition to critical from less severe', 'transition to critical from non-recoverable', 'failed'],
  ...['transition to non-recoverable', 'transition to non-recoverable from less severe', 'predictive failure asserted'],
  ...['device absent', 'bus fatal error', 'bus uncorrectable error', 'fatal nmi', 'pci perr', 'pci serr', 'log full'],
  ...['sensor failure', 'fru failure', 'fault status', 'controller unavailable', 'management controller unavailable'],
]

const warning = [
  ...['throttled', 'correctable ecc', 'correctable ecc logging limit reached', 'power supply inactive', 'low'],
  ...['redundancy degraded', 'redundancy degraded from fully redundant', 'redundancy degraded from non-redundant'],
  ...['240va power down', 'interlock power down', 'transition to non-critical from ok', 'monitor', 'log almost full'],
  ...['transition to non-critical from more severe', 'rebuild in progress', 'bus degraded', 'bus correctable error'],
  ...['transition to off line', 'transition to power off', 'controller access degraded or unavailable'],
]

const nominal = [
  ...['ok', 'presence detected', 'present', 'drive present', 'device present', 'device enabled', 'fully redundant'],
  ...['limit not exceeded', 'state deasserted', 'predictive failure deasserted', 'performance met', 'transition to ok'],
  ...['transition to running', 'transition to idle', 'transition to active', 's0/g0: working', 'hot spare', 'spare'],
  ...[
    'parity check in progress',
    'terminator presence detected',
    'device installed',
    'slot power is off',
    'informational',
  ],
  ...['identify status', 'connected', 'active', 'entity present', 'power off/down'],
]

const verdicts = new Map<string, SensorState>([
  ...nominal.map((text) => [text, 'Nominal'] as const),
  ...warning.map((text) => [text, 'Warning'] as const),
  ...critical.map((text) => [text, 'Critical'] as const),
])

const weights: readonly SensorState[] = ['Nominal', 'Unknown', 'Warning', 'Critical']

/** The verdict on all events of a sensor at once: the heaviest. No event is nominal. */
export function judgeEvents(events: readonly string[]): SensorState {
  let worst = 0
  for (const event of events) {
    const verdict = verdicts.get(event.toLowerCase()) ?? 'Unknown'
    worst = Math.max(worst, weights.indexOf(verdict))
  }
  return weights[worst] ?? 'Unknown'
}
