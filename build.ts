import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { CodeKeywordDefinition } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import manifest from './package.json' with { type: 'json' }
import { protocols } from './src/commands/site-file.ts'
import { ajvWith, closeObjects, schemas } from './src/config/check.ts'
import { diskFiles } from './src/config/files.ts'
import './src/config/duty-plan.ts'
import './src/config/masking.ts'
import { type Packed, pack } from './src/config/packed.ts'
import { Problems } from './src/config/problems.ts'
import { checksOf } from './src/config/protocols.ts'
import { loadVocabulary } from './src/config/vocabulary.ts'
import './src/config/web-config.ts'
import { parse } from './src/config/yaml.ts'
import { home, shipped } from './src/home.ts'
import { chunkPrefix, wrapper } from './src/launch/chunks.ts'
import { formatProblem } from './src/model/problem.ts'
import { packedFile } from './src/shipped-files.ts'

/*
 * `npm run build`: what ships, in dist/. siteward is one chunk, each library that the first poll can do without another,
 * and beside each lies V8's cache of what a start compiles of it. src/launch/ loads them. dist/page/ is the status page,
 * as browsers are given it; `npm run build:page` makes that alone.
 */

const dist = join(import.meta.dirname, 'dist')
const require = createRequire(import.meta.url)

/** Needed at once: chunks that are loaded with siteward's own, and small, since each start reads all of them. */
const early = ['typebox', 'yaml']

/** Left in node_modules: they have native parts, are found there by their path, or are of one command alone. */
const unbundled = ['bcryptjs', 'cpu-features', 'libsql', 'serialport', 'write-excel-file', '#package']

/** Chunks of their own. */
const libraries = Object.keys(manifest.dependencies).filter((name) => ![...early, ...unbundled].includes(name))

/** Libraries of which parts are used: these are one chunk, and each runs when it is first asked for. */
const kits = new Map([
  ['typebox', ['typebox', 'typebox/value']],
  [
    '@grafana/grafana-foundation-sdk',
    'cog common dashboard prometheus statetimeline table timeseries'
      .split(' ')
      .map((part) => `@grafana/grafana-foundation-sdk/${part}`),
  ],
])

/** Of Node's own modules those that take a while. */
const slow = 'child_process crypto dgram dns/promises http https tls worker_threads zlib'
  .split(' ')
  .map((name) => `node:${name}`)

/** Loaded when something of them is first used. */
const late = [...libraries, ...[...kits.values()].flat(), ...slow, 'libsql'].filter((name) => !early.includes(name))

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

/** Files of their own, that threads run. */
async function bundleThreads(): Promise<void> {
  await build({ ...common, entryPoints: ['src/config/parse-worker.ts'], outfile: join(dist, 'parse-worker.cjs') })
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
    plugins: [lateLibraries(late), earlyLibraries, fromQuickChecks],
  })
}

/** Puts the chunk of quick checks in the place of src/config/quick-checks.ts. */
const fromQuickChecks: Plugin = {
  name: 'quick-checks',
  setup({ onLoad }) {
    const contents = `export const quickChecks = require('${chunkPrefix}quick-checks')`
    onLoad({ filter: /\/quick-checks\.ts$/ }, () => ({ contents }))
  },
}

/** What ajv makes of all schemas: by the name of each check a function that makes it, since a start needs only some. */
async function bundleQuickChecks(): Promise<void> {
  for (const [name, schema] of protocols) checksOf(name, schema)
  const makers = [...schemas].map(([name, schema]) => {
    // Of one ajv each: it writes anew what it has written for others.
    const ajv = ajvWith({ messages: false, code: { source: true } })
    ajv.addKeyword(quickly)
    const code = standalone.default(ajv, ajv.compile({ quickly: closeObjects(schema) }))
    return `${JSON.stringify(name)}() { const module = {}; ${code}; return module.exports }`
  })
  await build({
    ...common,
    ...asChunk,
    minify: true,
    stdin: { contents: `module.exports = { ${makers.join()} }`, resolveDir: home },
    outfile: join(dist, 'quick-checks.cjs'),
  })
}

/** A schema around a schema, of which ajv does not say what is wrong: that would be half of what it writes. */
const quickly: CodeKeywordDefinition = {
  keyword: 'quickly',
  schemaType: 'object',
  code(context) {
    const isRight = context.gen.name('isRight')
    context.subschema({ keyword: 'quickly', createErrors: false }, isRight)
    context.ok(isRight)
  },
}

async function bundleLibrary(name: string): Promise<void> {
  await bundleAs(name, `require(${JSON.stringify(name)})`, [name])
}

/** The parts of a kit by their names. */
async function bundleKit([name, parts]: readonly [string, readonly string[]]): Promise<void> {
  const getters = parts.map((part) => JSON.stringify(part)).map((part) => `get ${part}() { return require(${part}) }`)
  await bundleAs(name, `{ ${getters.join()} }`, parts)
}

/** Early libraries are written small: every start reads them. */
async function bundleAs(library: string, exported: string, own: readonly string[]): Promise<void> {
  await build({
    ...common,
    ...asChunk,
    minify: early.includes(library),
    stdin: { contents: `module.exports = ${exported}`, resolveDir: import.meta.dirname },
    outfile: join(dist, `${chunkOf(library)}.cjs`),
    plugins: [lateLibraries(late.filter((name) => !own.includes(name)))],
  })
}

/** Puts in the place of the early libraries their chunks. */
const earlyLibraries: Plugin = {
  name: 'early-libraries',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^.]/ }, ({ path }) => (early.includes(path) ? { path, namespace: 'early' } : undefined))
    onLoad({ filter: /./, namespace: 'early' }, ({ path }) => ({
      contents: `module.exports = ${sourceOf(path)}`,
    }))
  },
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
  const whole =
    typeof library === 'function'
      ? 'function (...args) { return new.target ? Reflect.construct(library(), args) : Reflect.apply(library(), this, args) }'
      : '{}'
  return [
    'let loaded',
    `const library = () => (loaded ??= ${sourceOf(name)})`,
    `module.exports = ${whole}`,
    `for (const key of ${JSON.stringify(Object.keys(Object(library)))})`,
    '  Object.defineProperty(module.exports, key, { enumerable: true, get: () => library()[key] })',
  ].join('\n')
}

/** What gives a library, as code. */
function sourceOf(name: string): string {
  const chunk = (library: string): string => `require(${JSON.stringify(`${chunkPrefix}${chunkOf(library)}`)})`
  const [kit] = [...kits].find(([, parts]) => parts.includes(name)) ?? []
  if (kit !== undefined) return `${chunk(kit)}[${JSON.stringify(name)}]`
  return [...libraries, ...early].includes(name) ? chunk(name) : `require(${JSON.stringify(name)})`
}

/** Leaves the YAML files that ship parsed, with the places of all that is in them. */
async function packShipped(): Promise<void> {
  const lists = ['checks', 'masking', 'rules'].map((name) => shipped('config', `${name}.yaml`))
  const probes = await diskFiles.list(shipped('probes'))
  for (const file of [...lists, ...probes.filter((path) => path.endsWith('.yaml'))]) {
    const problems = new Problems()
    const placed = parse(readFileSync(file, 'utf8'), file, problems)
    if (placed === undefined) throw new Error(problems.list().map(formatProblem).join('\n'))
    writePacked(file, pack(placed))
  }
  const file = shipped('config', 'metrics.yaml')
  const { vocabulary, problems } = await loadVocabulary(file, diskFiles)
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'))
  writePacked(file, { text: readFileSync(file, 'utf8'), metrics: [...vocabulary.values()] })
}

function writePacked(file: string, packed: Packed): void {
  const json = packedFile(file) ?? ''
  mkdirSync(dirname(json), { recursive: true })
  writeFileSync(json, JSON.stringify(packed))
}

/** The status page: one script and one style sheet. Licences of what is bundled go along. */
async function bundlePage(): Promise<void> {
  const page = join(dist, 'page')
  const source = join(import.meta.dirname, 'src', 'status', 'browser')
  mkdirSync(page, { recursive: true })
  await build({
    entryPoints: ['app.ts', 'page.css'].map((name) => ({ in: join(source, name), out: 'page' })),
    outdir: page,
    bundle: true,
    minify: true,
    format: 'esm',
    // Phones and wall screens stay in use for long.
    target: ['es2021', 'chrome94', 'firefox93', 'safari15'],
    legalComments: 'eof',
    logLevel: 'warning',
  })
  for (const name of ['page.html', 'icon.svg', 'manifest.webmanifest'])
    copyFileSync(join(source, name), join(page, name))
}

/**
 * The chunks are read as Latin-1, a byte a letter. esbuild escapes every other letter but those of regular expressions,
 * which take the same escapes.
 */
function escapeLetters(): void {
  for (const name of readdirSync(dist).filter((one) => one.endsWith('.cjs'))) {
    const file = join(dist, name)
    const text = readFileSync(file, 'utf8')
    const escaped = text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    if (escaped !== text) writeFileSync(file, escaped)
  }
}

/** Runs what was built with a site of one device that does not answer, so that V8 compiles what a start needs. */
function warmUp(): void {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-build-'))
  const site = join(folder, 'site.yaml')
  const device = '{ name: room, address: 127.0.0.1:1, probes: [modbus-temperature-humidity] }'
  writeFileSync(site, `site: build\nlisten: 127.0.0.1:0\nalertmanagers: []\ndevices:\n  - ${device}\n`)
  const program = join(dist, 'warm-up.cjs')
  const args = [program, String(warmingUp), [...libraries, ...kits.keys()].map(chunkOf).join(), 'run', '--config', site]
  const env = { ...process.env, STATE_DIRECTORY: folder }
  const { status } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  rmSync(folder, { recursive: true })
  rmSync(program)
  if (status !== 0) throw new Error('what was built does not start')
}

if (process.argv[2] === 'page') {
  await bundlePage()
} else {
  rmSync(dist, { recursive: true, force: true })
  await packShipped()
  await Promise.all([bundleLaunchers(), bundlePage()])
  await Promise.all([
    bundleSiteward(),
    bundleThreads(),
    bundleQuickChecks(),
    ...[...kits].map(bundleKit),
    ...[...libraries, 'yaml'].map(bundleLibrary),
  ])
  escapeLetters()
  warmUp()
}
