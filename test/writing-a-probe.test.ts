import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectors } from '../collectors/registry.ts'
import { shipped } from '../src/home.ts'

/** The device of the guide. */
const device = `1.3.6.1.2.1.1.1.0|4|RM-4 room monitor 2.1
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.4
1.3.6.1.2.1.1.3.0|67|86400000
1.3.6.1.2.1.1.5.0|4|ward-7
1.3.6.1.4.1.99999.4.1.1.0|4|SN: RM4-200917
1.3.6.1.4.1.99999.4.1.2.0|2|1
1.3.6.1.4.1.99999.4.2.1.2.1|4|rack row A
1.3.6.1.4.1.99999.4.2.1.2.2|4|rack row B
1.3.6.1.4.1.99999.4.2.1.2.3|4|port 3
1.3.6.1.4.1.99999.4.2.1.3.1|2|241
1.3.6.1.4.1.99999.4.2.1.3.2|2|297
1.3.6.1.4.1.99999.4.2.1.3.3|2|32767
1.3.6.1.4.1.99999.4.2.1.4.1|2|552
1.3.6.1.4.1.99999.4.2.1.4.2|2|487
1.3.6.1.4.1.99999.4.2.1.4.3|2|32767
`

interface Block {
  readonly kind: string
  readonly file: string
  readonly text: string
}

/** The fenced blocks of the guide, in order: ```sh is run, ```yaml FILE is written, ```text is what is seen. */
function blocks(): readonly Block[] {
  const guide = readFileSync(shipped('docs', 'writing-a-probe.md'), 'utf8')
  return [...guide.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, kind = '', file = '', text = '']) => ({
    kind,
    file,
    text,
  }))
}

/** The lines of a text, however wide its columns are. */
function words(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : line.trim().replace(/ {2,}/g, '  ')))
}

function run(script: string, folder: string): Promise<string> {
  const cli = shipped('dist', 'siteward.cjs')
  const own = `set -e\nsiteward() { '${process.execPath}' '${cli}' "$@"; }\n${script}`
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', own], { cwd: folder }, (error, out, err) => {
      if (error === null) resolve(out)
      else reject(new Error(`${script}\n${out}${err}`))
    })
  })
}

test('the guide, followed word by word', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-guide-'))
  const played = await collectors.snmp.recordings?.play(device, 'device')
  if (played?.ok !== true) throw new Error('not played')
  const { address, close } = played.value
  const here = (text: string): string => text.replaceAll('192.0.2.40', address)
  try {
    let seen = ''
    let looked = 0
    for (const { kind, file, text } of blocks()) {
      if (kind === 'yaml') writeFileSync(join(folder, file), here(text))
      else if (kind === 'sh') seen = await run(here(text), folder)
      else {
        // What the recording holds is shown, too.
        const all = /^rm-4\.snmprec: /m.test(seen) ? readFileSync(join(folder, 'rm-4.snmprec'), 'utf8') : seen
        expect(words(all)).toEqual(expect.arrayContaining([...words(text)]))
        looked++
      }
    }
    expect(looked).toBe(4)
    expect(readFileSync(join(folder, 'rm-4.snmprec'), 'utf8')).not.toMatch(/ward-7|200917/)
  } finally {
    await close()
  }
})
