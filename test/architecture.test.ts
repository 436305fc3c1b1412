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
  'src/reload': ['src/model', 'src/watch'],
  'src/web': ['src/model', 'src/config', 'src/store', 'src/history', 'src/expose'],
  'src/ledger': ['src/model'],
  'src/sheet': ['src/model'],
  'src/duties': ['src/model'],
  'src/rollup': ['src/model'],
  'src/upkeep': [
    'src/model',
    'src/judge',
    'src/store',
    'src/expose',
    'src/watch',
    'src/ledger',
    'src/duties',
    'src/rollup',
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

test('every folder of collectors/ is registered under its own name', () => {
  const folders = readdirSync(join(home, 'collectors'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(collectors).sort())
  for (const [name, collector] of Object.entries(collectors)) expect(collector).toHaveProperty('protocol', name)
})
