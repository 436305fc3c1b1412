import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type ChildOrder, run } from '../../collectors/child.ts'

const most = 100_000

function order(more: Partial<ChildOrder> = {}): ChildOrder {
  return { signal: AbortSignal.timeout(5000), spawn, most, ...more }
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is dead, but only once it is reaped is nothing left of it.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('what a child writes and its exit status come back', async () => {
  const ended = await run(['sh', '-c', 'echo one; echo two >&2; exit 3'], order())
  expect(ended).toEqual({ kind: 'done', code: 3, out: 'one\n', err: 'two\n' })
})

test('arguments are handed over as they are, by no shell', async () => {
  const ended = await run(['printf', '%s', '$(id); `id` *'], order())
  expect(ended).toMatchObject({ kind: 'done', out: '$(id); `id` *' })
})

test('a child sees PATH, LC_ALL and what it is given, and nothing of the daemon', async () => {
  process.env['SITEWARD_CANARY'] = 'canary'
  const ended = await run(['env'], order({ env: { HOME: '/nowhere' } }))
  delete process.env['SITEWARD_CANARY']
  const names = ended.kind === 'done' ? ended.out.split('\n').map((line) => line.split('=')[0]) : []
  expect(names.filter(Boolean).sort()).toEqual(['HOME', 'LC_ALL', 'PATH'])
})

test('a child that reads from its standard input gets an end of file', async () => {
  expect(await run(['cat'], order())).toMatchObject({ kind: 'done', code: 0 })
})

test('a command that is not installed is missing', async () => {
  expect(await run(['siteward-no-such-command'], order())).toEqual({ kind: 'missing' })
})

test('a child that dies of a signal ends like in a shell', async () => {
  expect(await run(['sh', '-c', 'kill -SEGV $$'], order())).toMatchObject({ kind: 'done', code: 139 })
})

test('at the deadline a child that ignores SIGTERM dies, and so does what it started', async () => {
  const begun = performance.now()
  let pid = 0
  const watched: ChildOrder['spawn'] = (file, args, options) => {
    const child = spawn(file, args, options)
    pid = child.pid ?? 0
    return child
  }
  const script = 'trap "" TERM; sleep 60 & sleep 60'
  const ended = await run(['sh', '-c', script], order({ signal: AbortSignal.timeout(200), spawn: watched }))
  expect(ended.kind).toBe('killed')
  expect(performance.now() - begun).toBeLessThan(1500)
  if (ended.kind === 'killed') await ended.gone
  await expect.poll(() => groupMembers(pid)).toEqual([])
})

test('a grandchild that holds the pipe open does not hold the poll past its deadline', async () => {
  const ended = await run(['sh', '-c', 'sleep 60 & exit 0'], order({ signal: AbortSignal.timeout(200) }))
  expect(ended.kind).toBe('killed')
})

test('a child that never stops writing is killed at the cap', async () => {
  const before = process.memoryUsage().rss
  const ended = await run(['sh', '-c', 'exec yes'], order())
  expect(ended.kind).toBe('too-much')
  expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000)
})

test('a poll that is already over starts no child', async () => {
  const never: ChildOrder['spawn'] = () => {
    throw new Error('spawned')
  }
  expect(await run(['true'], order({ signal: AbortSignal.abort(), spawn: never }))).toMatchObject({ kind: 'killed' })
})

test('no room for a process is told apart from a missing tool', async () => {
  const full: ChildOrder['spawn'] = () => {
    throw Object.assign(new Error('spawn EAGAIN'), { code: 'EAGAIN' })
  }
  expect(await run(['true'], order({ spawn: full }))).toEqual({ kind: 'no-room' })
})

test('no descriptor is left over', async () => {
  await run(['true'], order())
  const before = readdirSync('/proc/self/fd').length
  for (let i = 0; i < 5; i++) {
    await run(['true'], order())
    await run(['sleep', '60'], order({ signal: AbortSignal.timeout(20) }))
    await run(['yes'], order())
    await run(['siteward-no-such-command'], order())
  }
  await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before)
})

function groupMembers(group: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isAlive(pid) && groupOf(pid) === group)
}

function groupOf(pid: number): number | undefined {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[2],
    )
  } catch {
    return undefined
  }
}
