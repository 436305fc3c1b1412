import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { report } from '../../src/commands/report.ts'
import { readSiteWithoutSecrets } from '../../src/commands/site-file.ts'
import { home } from '../../src/home.ts'
import { openJournal } from '../../src/store/journal.ts'
import { call } from '../commands/calling.ts'
import { ManualClock } from '../manual-clock.ts'
import { generateDays } from './generated-year.ts'

/** YEAR_DEVICES=150 npx vitest run test/report/year.test.ts: what a report over a year of so many devices takes. */
const count = Number(process.env['YEAR_DEVICES'] ?? 10)
const program = join(home, 'dist', 'siteward.cjs')

const folder = mkdtempSync(join(tmpdir(), 'siteward-year-'))
const file = join(folder, 'site.yaml')
const kinds = [
  'probes: [system, if-mib], credentials: n',
  'probes: [system, if-mib], credentials: n',
  'probes: [linux-ssh], credentials: s',
  'probes: [modbus-air-conditioner]',
  'probes: [system, ups-mib], credentials: n',
]

beforeAll(async () => {
  const devices = Array.from({ length: count }, (_, n) => {
    return `  - { name: device-${n + 1}, address: 192.0.2.${n + 1}, ${kinds[n % kinds.length]} }\n`
  })
  writeFileSync(
    file,
    `site: year
time_zone: Asia/Shanghai
language: zh
credentials:
  n: { snmp: { version: 2c, community: { file: community } } }
  s: { ssh: { user: siteward, key: { file: key }, known_hosts: known_hosts } }
reports:
  folder: reports
  schedule: [{ name: 年报, period: year, forms: [html, xlsx], keep: 1 }]
devices:
${devices.join('')}`,
  )
  const { site, problems } = await readSiteWithoutSecrets(file, {})
  expect(problems.filter(({ level }) => level !== 'warning')).toEqual([])
  if (site === undefined) throw new Error('no site')
  openJournal(site.stateDirectory, 0, () => {}).close()
  generateDays(site, '2024-01-01', '2025-12-31')
}, 600_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a report over a year', () => {
  test('is written by the program that ships, in bounded time and memory', async () => {
    if (!existsSync(program)) throw new Error('run npm run build first')
    const out = join(folder, 'year.html')
    const args = ['report', '--config', file, '--period', 'year', '--of', '2025-07-01', '-o', out]
    const { code, seconds, megabytes, said } = await measured([program, ...args])
    expect({ code, said }).toEqual({ code: 0, said: expect.not.stringContaining('Error') })
    process.stderr.write(
      `a year of ${count} devices: ${seconds.toFixed(1)} s, ${megabytes} MB, HTML of ${(statSync(out).size / 2 ** 20).toFixed(1)} MB\n`,
    )
    expect(megabytes).toBeLessThan(300)
    const html = readFileSync(out, 'utf8')
    expect(html).toContain('年度巡检报告')
    expect(html).toContain(`device-${count}`)
    const again = await call(report, [...args.slice(1, -1), join(folder, 'again.html')])
    expect(again.code).toBe(0)
    expect(readFileSync(join(folder, 'again.html'), 'utf8')).toBe(html)
  }, 600_000)

  test('that is planned lies in the folder in all its forms, and the oldest goes', async () => {
    const clock = new ManualClock()
    clock.step(Date.parse('2026-01-05T00:00:00Z') - clock.now().wall)
    for (const day of ['2024-07-01', '2025-07-01']) {
      const { code, out, err } = await call(report, ['--config', file, '--planned', '年报', '--of', day], {}, clock)
      expect({ code, err: err.replaceAll(/^warning: .*\n/gm, '') }).toEqual({ code: 0, err: '' })
      expect(out).toBe(
        `${join(folder, 'reports', `年报-${day.slice(0, 4)}-01-01.html`)}\n${join(folder, 'reports', `年报-${day.slice(0, 4)}-01-01.xlsx`)}\n`,
      )
    }
    expect(existsSync(join(folder, 'reports', '年报-2025-01-01.xlsx'))).toBe(true)
    expect(existsSync(join(folder, 'reports', '年报-2024-01-01.xlsx'))).toBe(false)
  }, 600_000)
})

describe('siteward report', () => {
  test('says what is wrong with how it was called', async () => {
    const run = async (...args: string[]): Promise<string> =>
      call(report, ['--config', file, ...args]).then(
        ({ err }) => err,
        (error: Error) => error.message,
      )
    expect(await run('--period', 'decade')).toContain('--period takes one of week')
    expect(await run('--period', 'week', '-o', 'x.doc')).toContain('.html, .pdf, .xlsx')
    expect(await run('--period', 'week', '--class', 'unicorn')).toContain('there are')
    expect(await run('--period', 'week', '--of', '2026-02-30')).toContain('there is no day 2026-02-30')
    expect(await run('--planned', 'none')).toContain('there is no report "none"')
  })

  test('takes only the classes that are asked for', async () => {
    const { code, out } = await call(report, [
      '--config',
      file,
      '--period',
      'month',
      '--of',
      '2025-03-01',
      '--class',
      'UPS,cooling',
      '--lang',
      'en',
    ])
    expect(code).toBe(0)
    expect(out).toContain('device-5')
    expect(out).not.toContain('device-1<')
    expect(out).not.toContain('>device-1 ')
    expect(out).toContain('Monthly inspection report')
  }, 120_000)
})

/** Runs a program of Node's to its end: how long it took, and the most memory that it held. */
async function measured(args: readonly string[]) {
  const begun = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let [said, most] = ['', 0]
  child.stderr.on('data', (data) => {
    said += String(data)
  })
  const look = setInterval(() => {
    try {
      const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
      most = Math.max(most, Number(kilobytes ?? 0))
    } catch {
      // It has ended.
    }
  }, 20)
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  clearInterval(look)
  return { code, seconds: (performance.now() - begun) / 1000, megabytes: Math.round(most / 1024), said }
}
