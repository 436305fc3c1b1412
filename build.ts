import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import manifest from './package.json' with { type: 'json' }
import { chunkPrefix, wrapper } from './src/launch/chunks.ts'

/*
 * `npm run build`: what ships, in dist/. siteward is one chunk, each library that the first poll can do without another,
 * and beside each lies V8's cache of what a start compiles of it. src/launch/ loads them.
 */

const dist = join(import.meta.dirname, 'dist')
const require = createRequire(import.meta.url)

/** Needed at once: part of siteward's own chunk. */
const early = ['typebox', 'yaml']

/** Left in node_modules: they have native parts, or are found there by their path. */
const unbundled = ['bcryptjs', 'cpu-features', 'libsql', 'serialport', '#package']

/** Chunks of their own. */
const libraries = Object.keys(manifest.dependencies).filter((name) => ![...early, ...unbundled].includes(name))

/** Loaded when something of them is first used. */
const late = [...libraries, 'libsql']

/** For how long siteward runs until V8's caches are written, in ms: long enough that it has started and polled. */
const warmingUp = 3000

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions

const asChunk = {
  banner: { js: wrapper.before },
  footer: { js: wrapper.after },
  external: [`${chunkPrefix}*`, '*.node', ...unbundled],
  // As require(): only that knows the chunks.
  supported: { 'dynamic-import': false },
} as const satisfies BuildOptions

function chunkOf(library: string): string {
  return basename(library)
}

/** The programs that load the chunks. */
async function bundleLaunchers(): Promise<void> {
  for (const name of ['siteward', 'warm-up']) {
    await build({
      ...common,
      define: { 'import.meta.dirname': '__dirname' },
      entryPoints: [`src/launch/${name}.ts`],
      outfile: join(dist, `${name}.cjs`),
    })
  }
  chmodSync(join(dist, 'siteward.cjs'), 0o755)
}

async function bundleSiteward(): Promise<void> {
  const ownUrl = 'const ownUrl = require("node:url").pathToFileURL(__filename).href;'
  await build({
    ...common,
    ...asChunk,
    define: { 'import.meta.url': 'ownUrl' },
    banner: { js: wrapper.before + ownUrl },
    entryPoints: ['src/cli.ts'],
    outfile: join(dist, 'cli.cjs'),
    plugins: [lateLibraries(late)],
  })
}

async function bundleLibrary(name: string): Promise<void> {
  await build({
    ...common,
    ...asChunk,
    stdin: { contents: `module.exports = require(${JSON.stringify(name)})`, resolveDir: import.meta.dirname },
    outfile: join(dist, `${chunkOf(name)}.cjs`),
    plugins: [lateLibraries(late.filter((other) => other !== name))],
  })
}

/** Puts in the place of libraries what looks like them, and loads them when it is first touched. */
function lateLibraries(names: readonly string[]): Plugin {
  return {
    name: 'late-libraries',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^.]/, namespace: 'file' }, ({ path }) =>
        names.includes(path) ? { path, namespace: 'late' } : undefined,
      )
      onLoad({ filter: /./, namespace: 'late' }, ({ path }) => ({ contents: standInFor(path) }))
    },
  }
}

/** A module with the names that a library exports; some export a function or a class that has them. */
function standInFor(name: string): string {
  const library: unknown = require(name)
  const id = libraries.includes(name) ? `${chunkPrefix}${chunkOf(name)}` : name
  const whole =
    typeof library === 'function'
      ? 'function (...args) { return new.target ? Reflect.construct(library(), args) : Reflect.apply(library(), this, args) }'
      : '{}'
  return [
    `const library = () => require(${JSON.stringify(id)})`,
    `module.exports = ${whole}`,
    `for (const key of ${JSON.stringify(Object.keys(Object(library)))})`,
    '  Object.defineProperty(module.exports, key, { enumerable: true, get: () => library()[key] })',
  ].join('\n')
}

/** Runs what was built with a site of one device that does not answer, so that V8 compiles what a start needs. */
function warmUp(): void {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-build-'))
  const site = join(folder, 'site.yaml')
  const device = '{ name: room, address: 127.0.0.1:1, probes: [modbus-temperature-humidity] }'
  writeFileSync(site, `site: build\nlisten: 127.0.0.1:0\nalertmanagers: []\ndevices:\n  - ${device}\n`)
  const program = join(dist, 'warm-up.cjs')
  const args = [program, String(warmingUp), libraries.map(chunkOf).join(), 'run', '--config', site]
  const env = { ...process.env, STATE_DIRECTORY: folder }
  const { status } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  rmSync(folder, { recursive: true })
  rmSync(program)
  if (status !== 0) throw new Error('what was built does not start')
}

rmSync(dist, { recursive: true, force: true })
await bundleLaunchers()
await Promise.all([bundleSiteward(), ...libraries.map(bundleLibrary)])
warmUp()
