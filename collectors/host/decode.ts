import type { Raw } from '../../src/model/conversion.ts'
import type { Harvest } from '../../src/model/harvest.ts'
import { type Labels, labelKey, labelValue } from '../../src/model/labels.ts'
import type { HostFact } from './compile.ts'
import type { Call, Fact, RowKey } from './schema.ts'

/** One thing of a kind: a file system, a disk, an interface; or the machine as a whole, without keys. */
export interface Row {
  readonly keys: Readonly<Partial<Record<RowKey, string>>>
  readonly values: Readonly<Partial<Record<Fact, Raw | undefined>>>
}

/** The most rows of one call: more is a machine with a fault (a mount loop), not a server. */
const mostRows = 1000

/**
 * What a call gave, as rows. The library answers with null, {} or NaN instead of an error, and with null rates at the
 * first call: whatever is no finite number or text is left out.
 */
function rowsOf(call: Call, answer: unknown): readonly Row[] {
  const parse = parsers[call]
  const rows = Array.isArray(answer) ? answer.slice(0, mostRows) : [answer]
  return rows.flatMap((row) => (isRecord(row) ? parse(row) : []))
}

/** The readings of the facts that one call tells. */
export function decode(call: Call, wanted: readonly HostFact[], answer: unknown, harvest: Harvest): void {
  const rows = rowsOf(call, answer)
  const found = wanted.filter((fact) => read(fact, rows, harvest) > 0)
  if (found.length > 0 || mayBeEmpty.includes(call)) return
  harvest.fault('protocol', `the system tells nothing about its ${call}; see that siteward may read it`, wanted.length)
}

/** A virtual machine has no disks or sensors to ask; Windows counts no operations. */
const mayBeEmpty: readonly Call[] = ['cpu', 'temperature', 'disks', 'disk operations', 'disk bytes', 'system']

function read({ point, fact, gates, labels }: HostFact, rows: readonly Row[], harvest: Harvest): number {
  const raws = new Map<string, readonly [Labels, Raw]>()
  let seen = 0
  for (const { keys, values } of rows) {
    const raw = values[fact]
    if (raw === undefined) continue
    seen++
    if (!gates.every(({ key, texts, isWanted }) => texts.has(keys[key] ?? '') === isWanted)) continue
    const own = Object.fromEntries(labels.map(([name, source]) => [name, labelOf(source, keys)]))
    // Of two mounts at the same place the later one is what is seen there.
    raws.set(labelKey(own), [own, raw])
  }
  for (const [own, raw] of raws.values()) harvest.labelled(point, own, raw)
  return seen
}

function labelOf(source: RowKey | { readonly text: string }, keys: Row['keys']): string {
  return labelValue(typeof source === 'string' ? (keys[source] ?? '') : source.text)
}

type Answer = Readonly<Record<string, unknown>>

/** Field names as in systeminformation's documentation of each call. */
const parsers: Readonly<Record<Call, (answer: Answer) => readonly Row[]>> = {
  system: ({ uptime, loads }) => [
    { keys: {}, values: { uptime: number(uptime) } },
    ...(Array.isArray(loads) ? loads : []).map((load, index) => ({
      keys: { period: ['1m', '5m', '15m'][index] ?? '' },
      values: { 'load.average': number(load) },
    })),
  ],
  memory: memoryRows,
  cpu: ({ currentLoad }) => [{ keys: {}, values: { 'cpu.load': ratio(currentLoad, 100) } }],
  temperature: ({ main }) => [{ keys: {}, values: { 'cpu.temperature': number(main) } }],
  network: (answer) => [
    {
      keys: { interface: text(answer['iface']) },
      values: {
        'network.state': word(answer['operstate']),
        'network.received_bytes': count(answer['rx_bytes']),
        'network.sent_bytes': count(answer['tx_bytes']),
        'network.received_errors': count(answer['rx_errors']),
        'network.sent_errors': count(answer['tx_errors']),
        'network.received_dropped': count(answer['rx_dropped']),
        'network.sent_dropped': count(answer['tx_dropped']),
      },
    },
  ],
  'disk operations': ({ rIO, wIO }) => [
    { keys: {}, values: { 'disks.read_operations': count(rIO), 'disks.write_operations': count(wIO) } },
  ],
  'disk bytes': ({ rx, wx }) => [
    { keys: {}, values: { 'disks.read_bytes': count(rx), 'disks.written_bytes': count(wx) } },
  ],
  processes: processRows,
  disks: ({ device, name, serialNum, smartStatus, temperature, size }) => [
    {
      keys: { disk: text(device), model: text(name), serial: text(serialNum) },
      values: {
        'disk.smart_status': word(smartStatus),
        'disk.temperature': number(temperature),
        'disk.size': positive(size),
      },
    },
  ],
  'file systems': fileSystemRows,
}

/** `used` of the library counts the cache, which is free for the asking: what is not available is used. */
function memoryRows(answer: Answer): readonly Row[] {
  const size = positive(answer['total'])
  const available = count(answer['available'])
  const used = size === undefined || available === undefined ? undefined : Math.max(0, size - available)
  const swap = count(answer['swaptotal'])
  const swapUsed = count(answer['swapused'])
  const values = {
    'memory.size': size,
    'memory.available': available,
    'memory.used': used,
    'memory.used_ratio': ratio(used, size),
    'swap.size': swap,
    'swap.used': swapUsed,
    'swap.used_ratio': ratio(swapUsed, swap),
  }
  return [{ keys: {}, values }]
}

function processRows({ all, running, blocked, list }: Answer): readonly Row[] {
  // 0 processes is what it says when it could not ask.
  const total = positive(all)
  if (total === undefined) return []
  const zombies = Array.isArray(list)
    ? list.filter((entry) => isRecord(entry) && entry['state'] === 'zombie').length
    : undefined
  const values = {
    'processes.all': total,
    'processes.running': count(running),
    'processes.blocked': count(blocked),
    'processes.zombie': zombies,
  }
  return [{ keys: {}, values }]
}

/** The ratio is df's: of what may be used at all, without the blocks kept for root. */
function fileSystemRows(answer: Answer): readonly Row[] {
  const size = positive(answer['size'])
  if (size === undefined) return []
  const used = count(answer['used'])
  const available = count(answer['available'])
  const usable = used === undefined || available === undefined ? undefined : used + available
  const { rw } = answer
  const values = {
    'filesystem.size': size,
    'filesystem.used': used,
    'filesystem.available': available,
    'filesystem.used_ratio': ratio(used, usable),
    'filesystem.writable': typeof rw === 'boolean' ? rw : undefined,
  }
  const keys = { mount: text(answer['mount']), source: text(answer['fs']), type: text(answer['type']) }
  return [{ keys, values }]
}

function isRecord(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function count(value: unknown): number | undefined {
  const found = number(value)
  return found === undefined || found < 0 ? undefined : found
}

function positive(value: unknown): number | undefined {
  const found = count(value)
  return found === 0 ? undefined : found
}

function ratio(part: unknown, whole: unknown): number | undefined {
  const [above, below] = [count(part), positive(whole)]
  return above === undefined || below === undefined ? undefined : above / below
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
