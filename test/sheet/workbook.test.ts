import { expect, test } from 'vitest'
import { workbook } from '../../src/sheet/workbook.ts'
import { unzip } from './unzip.ts'

/** The texts of a sheet's cells, row by row, as the file has them. */
function cellsOf(files: ReadonlyMap<string, string>, sheet: number): readonly (readonly string[])[] {
  const shared = [...(files.get('xl/sharedStrings.xml') ?? '').matchAll(/<si>.*?<t[^>]*>(.*?)<\/t><\/si>/gs)].map(
    ([, text = '']) => text,
  )
  const xml = files.get(`xl/worksheets/sheet${sheet}.xml`) ?? ''
  return [...xml.matchAll(/<row[^>]*>(.*?)<\/row>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<c [^>]*?(?:\/>|>(.*?)<\/c>)/gs)].map(([cell, inner = '']) => {
      const value = /<v>(.*?)<\/v>/s.exec(inner)?.[1] ?? ''
      return cell.includes('t="s"') ? `text ${shared[Number(value)]}` : `number ${value}`
    }),
  )
}

test('texts stay texts, numbers stay numbers, and nothing is a formula', async () => {
  const files = unzip(
    await workbook([
      {
        name: '设备台账',
        heads: ['设备', '数量'],
        rows: [
          ['=HYPERLINK("http://x")', 3],
          ['精密空调\u0007 <1>', undefined],
          ['', Number.NaN],
        ],
      },
    ]),
  )
  const [heads, first, second] = cellsOf(files, 1)
  expect(heads).toEqual(['text 设备', 'text 数量'])
  expect(first).toEqual(['text =HYPERLINK("http://x")', 'number 3'])
  expect(second).toEqual(['text 精密空调  &lt;1&gt;'])
  expect([...files.values()].join('')).not.toContain('<f>')
})

test('names of sheets are made such that Excel opens them', async () => {
  const sheet = (name: string) => ({ name, heads: ['a'], rows: [] })
  const files = unzip(await workbook(['a/b: [1]', 'A b   1', 'x'.repeat(40), ''].map(sheet)))
  const names = [...(files.get('xl/workbook.xml') ?? '').matchAll(/<sheet [^>]*name="([^"]*)"/g)].map(
    ([, name]) => name,
  )
  expect(names).toEqual(['a b   1', 'A b   1 2', 'x'.repeat(31), 'sheet'])
})
