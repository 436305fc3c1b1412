import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { shipped } from '../../src/home.ts'

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
}

const manifest = JSON.parse(readFileSync(shipped('package.json'), 'utf8'))
const lock = JSON.parse(readFileSync(shipped('package-lock.json'), 'utf8'))
const locked = Object.entries(lock.packages as Record<string, Locked>).filter(([path]) => path !== '')

test('every library is pinned to one version', () => {
  const asked: Record<string, string> = { ...manifest.dependencies, ...manifest.devDependencies }
  expect(Object.entries(asked).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  for (const [name, version] of Object.entries(asked))
    expect(lock.packages[`node_modules/${name}`].version).toBe(version)
})

test('every library of the lock file is known by its hash, and comes from the registry that npm is set to', () => {
  expect(locked.length).toBeGreaterThan(50)
  expect(locked.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''))).toEqual([])
  expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
})

test('no library runs a script when it is installed, and no script of ours depends on another by its name', () => {
  expect(readFileSync(shipped('.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m)
  // With ignore-scripts npm does not run these.
  expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)/.test(name))).toEqual([])
})
