import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { takeEnvironment } from '../src/environment.ts'

test('siteward keeps everything, and hands on what is harmless', () => {
  const environment = {
    PATH: '/bin',
    LC_ALL: 'C',
    BMC_PASSWORD: 'a',
    SITEWARD_TOKEN: 'b',
    NODE_PASSWORD: 'c',
    PATHS: 'd',
  }
  const own = takeEnvironment(environment, 'linux')
  expect(own['BMC_PASSWORD']).toBe('a')
  expect(own['SITEWARD_TOKEN']).toBe('b')
  expect(environment).toEqual({ PATH: '/bin', LC_ALL: 'C' })
})

test('Windows keeps its own', () => {
  const environment = { APPDATA: 'x' }
  takeEnvironment(environment, 'win32')
  expect(environment).toEqual({ APPDATA: 'x' })
})

test('the system forgets it, too: a child inherits nothing of it', () => {
  const program = `
    const { takeEnvironment } = await import('./src/environment.ts')
    takeEnvironment(process.env, process.platform)
    const { execFileSync } = await import('node:child_process')
    process.stdout.write(execFileSync('env', { encoding: 'utf8' }))`
  const args = ['--import', 'tsx', '--input-type=module', '-e', program]
  const env = { ...process.env, BMC_PASSWORD: 'canary' }
  const seen = execFileSync(process.execPath, args, { env, encoding: 'utf8' })
  expect(seen).toMatch(/^PATH=/m)
  expect(seen).not.toContain('canary')
})
