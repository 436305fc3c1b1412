import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { Spawn } from '../../collectors/child.ts'
import type { Log, LogFields } from '../../src/model/log.ts'
import { noSupervisor } from '../../src/supervisor/supervisor.ts'
import { supervisorOf } from '../../src/supervisor/systemd.ts'
import { ManualClock } from '../manual-clock.ts'

/** systemd-notify, as it is called; `answer` is its exit status, or an error of the system's. */
class Notify {
  readonly calls: string[] = []
  readonly environments: unknown[] = []
  answer: number | 'ENOENT' = 0

  readonly spawn: Spawn = (file, args, { env }) => {
    this.calls.push([file, ...args].join(' '))
    this.environments.push(env)
    const child = Object.assign(new EventEmitter(), {
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      pid: undefined,
    })
    const { answer } = this
    process.nextTick(() => {
      if (answer === 'ENOENT') child.emit('error', Object.assign(new Error('none'), { code: answer }))
      else child.emit('close', answer, null)
    })
    return child as unknown as ReturnType<Spawn>
  }
}

class Lines implements Log {
  readonly errors: string[] = []
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(fields: LogFields, message: string): void {
    this.errors.push(`${message} ${JSON.stringify(fields)}`)
  }
}

function started(env: Record<string, string>) {
  const [clock, notify, log] = [new ManualClock(), new Notify(), new Lines()]
  return { clock, notify, log, supervisor: supervisorOf({ env, pid: 7, clock, spawn: notify.spawn, log }) }
}

/** Lets the children that were just started end. */
async function turn(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

const asked = { NOTIFY_SOCKET: '@/run/notify', WATCHDOG_USEC: '120000000', WATCHDOG_PID: '7' }

test('nobody is told where systemd did not ask', () => {
  expect(started({}).supervisor).toBe(noSupervisor)
})

test('a reload is told with the time that systemd compares, and ends with being ready again', async () => {
  const { notify, supervisor } = started(asked)
  supervisor.reloading()
  supervisor.ready('watches clinic')
  await turn()
  const now = Number(process.hrtime.bigint() / 1000n)
  const [first = '', second] = notify.calls
  const [, microseconds] = /^systemd-notify RELOADING=1 MONOTONIC_USEC=(\d+) STATUS=/.exec(first) ?? []
  expect(now - Number(microseconds)).toBeGreaterThanOrEqual(0)
  expect(now - Number(microseconds)).toBeLessThan(60_000_000)
  expect(second).toBe('systemd-notify READY=1 STATUS=watches clinic')
})

test('ready, alive three times within the time, and stopping, in this order and by the socket alone', async () => {
  const { clock, notify, log, supervisor } = started(asked)
  supervisor.ready('watches 3 devices')
  supervisor.keepAlive(() => true)
  await turn()
  expect(notify.calls).toEqual(['systemd-notify READY=1 STATUS=watches 3 devices', 'systemd-notify WATCHDOG=1'])
  for (let i = 0; i < 3; i++) {
    await clock.pass(40_000)
    await turn()
  }
  supervisor.stopping()
  supervisor.stopping()
  await turn()
  expect(notify.calls.slice(2)).toEqual([
    ...Array(3).fill('systemd-notify WATCHDOG=1'),
    'systemd-notify STOPPING=1 STATUS=stopping',
  ])
  expect(notify.environments[0]).toEqual({
    NOTIFY_SOCKET: '@/run/notify',
    LC_ALL: 'C',
    PATH: expect.any(String),
  })
  expect(clock.waiting).toBe(0)
  expect(log.errors).toEqual([])
})

test('while polls stand still nothing is told but the log; the last one asked decides', async () => {
  const { clock, notify, log, supervisor } = started(asked)
  let isAdvancing = false
  supervisor.keepAlive(() => true)
  supervisor.keepAlive(() => isAdvancing)
  await turn()
  expect(notify.calls).toEqual(['systemd-notify WATCHDOG=1'])
  await clock.pass(80_000)
  await turn()
  expect(notify.calls).toHaveLength(1)
  expect(log.errors).toEqual(Array(2).fill(expect.stringMatching(/^polls make no progress.*"seconds":120/)))
  isAdvancing = true
  await clock.pass(40_000)
  await turn()
  expect(notify.calls).toHaveLength(2)
})

test.each([
  ['without a watchdog', { NOTIFY_SOCKET: '/run/notify' }],
  ["another process's watchdog", { ...asked, WATCHDOG_PID: '8' }],
])('%s only the beginning and the end are told', async (_what, env) => {
  const { clock, notify, supervisor } = started(env)
  supervisor.keepAlive(() => true)
  await clock.pass(600_000)
  await turn()
  expect(notify.calls).toEqual([])
})

test('what keeps systemd from hearing is told once', async () => {
  const { clock, notify, log, supervisor } = started(asked)
  notify.answer = 'ENOENT'
  supervisor.ready('')
  supervisor.keepAlive(() => true)
  await turn()
  expect(log.errors).toEqual([expect.stringMatching(/cannot be told.*"why":"missing"/)])
  notify.answer = 0
  await clock.pass(40_000)
  await turn()
  notify.answer = 1
  await clock.pass(40_000)
  await turn()
  expect(log.errors).toEqual([expect.anything(), expect.stringMatching(/"why":"status 1"/)])
})
