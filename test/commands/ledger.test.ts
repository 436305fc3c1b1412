import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ledger } from '../../src/commands/ledger.ts'
import { aboutNoAlarm } from '../../src/model/record.ts'
import { openJournal } from '../../src/store/journal.ts'
import { unzip } from '../sheet/unzip.ts'
import { call } from './calling.ts'

let folder: string
const file = (): string => join(folder, 'site.yaml')

const site = (more: string): string => `site: clinic
listen: 127.0.0.1:1
time_zone: UTC
${more}
devices:
  - { name: camera-1, address: 192.0.2.1, probes: [ping], asset: { title: 摄像机, serial: A1, model: =1+1 } }
  - { name: camera-2, address: 192.0.2.2, probes: [ping] }
`

/** What camera-1 has told a siteward that ran here. */
function record(): void {
  const journal = openJournal(join(folder, 'siteward-state'), 1, () => {})
  const event = {
    ...aboutNoAlarm,
    kind: 'asset',
    at: 1,
    device: 'camera-1',
    own: { serial: 'B2' },
    by: '',
    note: '',
  } as const
  journal.write({ put: [], drop: [], events: [event] })
  journal.close()
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-ledger-'))
  writeFileSync(file(), site('ledger: [things.csv]'))
  writeFileSync(join(folder, 'things.csv'), 'device,title,spares\nshredder,碎纸机,2\n')
  record()
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('siteward ledger', () => {
  test('shows what differs, from the record where no siteward runs', async () => {
    const { code, out, err } = await call(ledger, ['--config', file()])
    expect(code).toBe(0)
    expect(err).toMatch(/no siteward answers at .*; what devices tell is from its record/)
    expect(out).toContain('shredder (not watched)')
    expect(out).toContain('camera-1 serial number: A1 | B2')
    const { out: fewer } = await call(ledger, ['--config', file(), '--differs', '--json'])
    expect(JSON.parse(fewer)).toMatchObject([{ name: 'camera-1', differences: [{ field: 'serial' }] }])
  })

  test.each([[[]], [['--lang', 'zh']]])('prints CSV %j that it takes in again', async (more) => {
    const first = await call(ledger, ['--config', file(), '--csv', ...more])
    writeFileSync(join(folder, 'all.csv'), first.out)
    writeFileSync(file(), site('ledger: [all.csv]').replace(/, asset: \{.*?\}/, ''))
    const again = await call(ledger, ['--config', file(), '--csv', ...more])
    expect(again.err).not.toMatch(/all\.csv:/)
    expect(again.out).toBe(first.out)
    expect(again.out).toContain('shredder')
  })

  test('writes a workbook', async () => {
    const to = join(folder, 'ledger.xlsx')
    expect((await call(ledger, ['--config', file(), '--xlsx', '--lang', 'zh', '-o', to])).code).toBe(0)
    const files = unzip(readFileSync(to))
    expect(files.get('xl/workbook.xml')).toContain('name="设备台账"')
    expect(files.get('xl/sharedStrings.xml')).toContain('碎纸机')
  })
})
