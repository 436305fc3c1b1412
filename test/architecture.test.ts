import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { collectors } from '../collectors/registry.ts'
import { home } from '../src/home.ts'

/** Who may import whom, beside what lies in the same room: docs/architecture.md, "Rooms". */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'src/model': [],
  'src/launch': ['src/model'],
  'src/config': ['src/model', 'src/config/schemas'],
  'src/config/schemas': ['src/model'],
  'src/schedule': ['src/model'],
  'src/store': ['src/model'],
  'src/judge': ['src/model'],
  'src/record': ['src/model'],
  'src/drill': ['src/model'],
  'src/hold': ['src/model'],
  'src/notify': ['src/model'],
  'src/lease': ['src/model'],
  'src/history': ['src/model'],
  'src/backtest': ['src/model', 'src/judge', 'src/store'],
  'src/prometheus': ['src/model', 'src/judge'],
  'src/expose': ['src/model'],
  'src/library': ['src/model'],
  'src/reference': [],
  'src/completion': [],
  'src/watch': ['src/model', 'src/store', 'src/judge', 'src/schedule', 'src/history', 'collectors'],
  'src/supervisor': ['src/model', 'collectors'],
  'src/alarms': ['src/model', 'src/judge', 'src/hold', 'src/store', 'src/record', 'src/notify', 'src/expose'],
  'src/drilling': [
    'src/model',
    'src/judge',
    'src/store',
    'src/drill',
    'src/notify',
    'src/expose',
    'src/schedule',
    'src/alarms',
    'src/watch',
    'collectors',
  ],
  'src/probing': ['src/model', 'src/schedule', 'src/store', 'src/watch', 'src/expose', 'collectors'],
  'src/push': ['src/model', 'src/expose'],
  'src/dashboards': ['src/model'],
  'src/status': [
    'src/model',
    'src/judge',
    'src/hold',
    'src/store',
    'src/record',
    'src/expose',
    'src/watch',
    'src/alarms',
    'src',
  ],
  'src/status/browser': ['src/status', 'src/model'],
  'src/reload': ['src/model', 'src/judge', 'src/watch', 'src/expose'],
  'src/web': ['src/model', 'src/config', 'src/store', 'src/history', 'src/expose'],
  'src/ledger': ['src/model'],
  'src/sheet': ['src/model'],
  'src/duties': ['src/model'],
  'src/rollup': ['src/model'],
  'src/report': ['src/model', 'src/rollup', 'src/record', 'src/ledger', 'src/duties', 'src/sheet', 'src/prometheus'],
  'src/upkeep': [
    'src/model',
    'src/judge',
    'src/store',
    'src/expose',
    'src/watch',
    'src/ledger',
    'src/duties',
    'src/rollup',
    'src/record',
    'src/report',
  ],
  'src/demo': ['src/model', 'src/judge', 'collectors/snmp', 'collectors/modbus', 'collectors/ssh', 'src', 'src/watch'],
  collectors: ['src/model', ...Object.keys(collectors).map((name) => `collectors/${name}`)],
  ...Object.fromEntries(Object.keys(collectors).map((name) => [`collectors/${name}`, ['src/model', 'collectors']])),
}

interface Import {
  readonly file: string
  readonly from: string
  readonly to: string
}

function imports(): readonly Import[] {
  const files = ['src', 'collectors'].flatMap((top) =>
    readdirSync(join(home, top), { recursive: true, encoding: 'utf8' }).map((name) => join(top, name)),
  )
  return files.filter((file) => file.endsWith('.ts')).flatMap(importsOf)
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(home, file), 'utf8')
  const found = text.matchAll(/(?:from|import\()\s*'(\.{1,2}\/[^']+)'/g)
  return [...found].map(([, target = '']) => ({
    file,
    from: dirname(file),
    to: relative(home, dirname(join(home, dirname(file), target))),
  }))
}

describe('who imports whom', () => {
  const all = imports()

  test('there is something to look at', () => {
    expect(all.length).toBeGreaterThan(100)
  })

  test('every room is named here; src/ itself and the commands wire them all', () => {
    const rooms = new Set(all.map(({ from }) => from))
    const unnamed = [...rooms].filter((room) => !['src', 'src/commands'].includes(room) && allowed[room] === undefined)
    expect(unnamed).toEqual([])
  })

  test.each(Object.entries(allowed))('%s imports only %j', (room, others) => {
    const wrong = all.filter(({ from, to }) => from === room && to !== room && !others.includes(to))
    expect(wrong).toEqual([])
  })
})

/** What speaks a protocol, and the room that alone may import it, in the files named here. */
const libraries: Readonly<Record<string, string>> = {
  'net-snmp': 'snmp',
  'modbus-serial': 'modbus',
  serialport: 'modbus',
  'node-ssh': 'ssh',
  ssh2: 'ssh',
  systeminformation: 'host',
}
const wires = ['transport.ts', 'traps.ts', 'simulator.ts']

describe('what could write to a device is out of reach', () => {
  const sources = ['src', 'collectors']
    .flatMap((top) =>
      readdirSync(join(home, top), { recursive: true, encoding: 'utf8' }).map((name) => join(top, name)),
    )
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, text: readFileSync(join(home, file), 'utf8') }))
  const importers = (library: string): readonly string[] =>
    sources.filter(({ text }) => new RegExp(`(?:from|import\\()\\s*'${library}'`).test(text)).map(({ file }) => file)

  test.each(Object.entries(libraries))(
    '%s is imported where collectors/%s speaks on the wire alone',
    (library, room) => {
      const allowed = wires.map((name) => join('collectors', room, name))
      expect(importers(library).filter((file) => !allowed.includes(file))).toEqual([])
    },
  )

  test('children are started by collectors/child.ts alone', () => {
    expect(importers('node:child_process')).toEqual([join('collectors', 'child.ts')])
  })

  test('no call of a library that writes stands anywhere but in simulators', () => {
    const writing =
      /\.(?:set|inform|trap)\s*\(\s*\[|\.(?:writeFC(?:5|6|15|16|22|23)|write(?:Coil|Register)s?|maskWriteRegister)\(|0xa3\b/
    expect(sources.filter(({ text }) => writing.test(text)).map(({ file }) => file)).toEqual([])
  })
})

test('every folder of collectors/ is registered under its own name', () => {
  const folders = readdirSync(join(home, 'collectors'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(collectors).sort())
  for (const [name, collector] of Object.entries(collectors)) expect(collector).toHaveProperty('protocol', name)
})
