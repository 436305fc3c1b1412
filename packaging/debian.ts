import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { run } from './run.ts'

/** What a Debian package is made of. */
export interface DebianParts {
  /** The repository. */
  readonly top: string
  /** The folder of the installed npm package: package.json, dist, probes, config, node_modules. */
  readonly installed: string
  /** Where the package's tree is put together; it is made anew. */
  readonly staging: string
  readonly output: string
  readonly version: string
  /** Files of the release that go into its documents: the licenses, the bill of materials. */
  readonly documents: readonly string[]
  /** Packed quickly and not small: for tests. */
  readonly isQuick: boolean
  /** The program that runs it: taken along, so that one step installs all; undefined: the system's, as a dependency. */
  readonly node: string | undefined
}

const library = 'usr/lib/siteward'

/** Node as the NodeSource and nodejs.org build it needs these; so do the native parts of libraries. */
const bundledNeeds = 'libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 9), passwd'
const systemNeeds = `${bundledNeeds}, nodejs (>= 20.19)`

/** Builds siteward_VERSION_ARCH.deb and returns its path. Needs dpkg-deb. */
export function buildDebian(parts: DebianParts): string {
  rmSync(parts.staging, { recursive: true, force: true })
  const architecture = run('dpkg', ['--print-architecture'], parts.top).trim()
  placeProgram(parts)
  placeSystemFiles(parts)
  placeDocuments(parts)
  placeControl(parts, architecture)
  const file = join(parts.output, `siteward_${parts.version}_${architecture}.deb`)
  const packing = parts.isQuick ? ['-Zgzip', '-z1'] : ['-Zxz']
  run('dpkg-deb', ['--root-owner-group', ...packing, '--build', parts.staging, file], parts.top)
  return file
}

function put(staging: string, path: string, text: string, mode = 0o644): void {
  const file = join(staging, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
}

function placeProgram({ installed, staging, node }: DebianParts): void {
  const home = join(staging, library)
  cpSync(installed, home, { recursive: true, verbatimSymlinks: true })
  leaveOut(join(home, 'node_modules'))
  const start = join(home, 'dist', 'siteward.cjs')
  if (node !== undefined) {
    mkdirSync(join(home, 'bin'))
    copyFileSync(node, join(home, 'bin', 'node'))
    chmodSync(join(home, 'bin', 'node'), 0o755)
  }
  const program = node === undefined ? '/usr/bin/node' : `/${library}/bin/node`
  const text = readFileSync(start, 'utf8').replace(/^#!.*\n/, `#!${program}\n`)
  if (!text.startsWith(`#!${program}\n`)) throw new Error(`${start} does not begin with #!`)
  writeFileSync(start, text)
  chmodSync(start, 0o755)
  mkdirSync(join(staging, 'usr/bin'), { recursive: true })
  symlinkSync('../lib/siteward/dist/siteward.cjs', join(staging, 'usr/bin/siteward'))
  for (const [path, mode] of modesIn(home)) chmodSync(path, mode)
}

/** Native parts for other systems than this one, and what npm keeps for itself. */
function leaveOut(modules: string): void {
  const native = `${process.platform}-${process.arch}`
  const drop = (folder: string, keep: (name: string) => boolean): void => {
    if (!existsSync(folder)) return
    for (const name of readdirSync(folder)) if (!keep(name)) rmSync(join(folder, name), { recursive: true })
  }
  drop(join(modules, '@serialport/bindings-cpp/prebuilds'), (name) => name === native)
  drop(join(modules, '@libsql'), (name) => name === `${native}-gnu`)
  drop(modules, (name) => !name.startsWith('.'))
}

/** npm hands down the modes of whoever packed: folders and programs 0755, all else 0644. */
function modesIn(folder: string): readonly (readonly [string, number])[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isSymbolicLink())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const isProgram = entry.isDirectory() || (statSync(path).mode & 0o100) !== 0
      return [path, isProgram ? 0o755 : 0o644] as const
    })
}

function placeSystemFiles({ top, staging, installed }: DebianParts): void {
  const from = (path: string): string => readFileSync(join(top, 'packaging', path), 'utf8')
  for (const unit of ['siteward.service', 'siteward@.service'])
    put(staging, `usr/lib/systemd/system/${unit}`, from(`systemd/${unit}`))
  put(staging, 'etc/siteward/site.yaml', from('debian/site.yaml'), 0o640)
  put(staging, 'etc/default/siteward', from('debian/default'))
  const credentials = join(staging, 'etc/siteward/credentials')
  mkdirSync(credentials)
  chmodSync(credentials, 0o700)
  for (const [shell, path] of [
    ['bash', 'usr/share/bash-completion/completions/siteward'],
    ['zsh', 'usr/share/zsh/vendor-completions/_siteward'],
  ] as const)
    put(staging, path, run(process.execPath, [join(installed, 'dist/siteward.cjs'), 'completion', shell], top))
}

function placeDocuments({ top, staging, documents, node }: DebianParts): void {
  const folder = 'usr/share/doc/siteward'
  put(staging, `${folder}/README.md`, readFileSync(join(top, 'README.md'), 'utf8'))
  for (const name of readdirSync(join(top, 'docs')).filter((one) => one.endsWith('.md')))
    put(staging, `${folder}/docs/${name}`, readFileSync(join(top, 'docs', name), 'utf8'))
  for (const file of documents) put(staging, `${folder}/${relative(dirname(file), file)}`, readFileSync(file, 'utf8'))
  put(staging, `${folder}/copyright`, copyrightOf(node))
  const changes = gzipSync(readFileSync(join(top, 'CHANGELOG.md')), { level: 9 })
  writeFileSync(join(staging, folder, 'changelog.gz'), changes)
  chmodSync(join(staging, folder, 'changelog.gz'), 0o644)
}

function copyrightOf(node: string | undefined): string {
  const own = 'siteward and the libraries that it is made with: see LICENSES in this folder.\n'
  return node === undefined
    ? own
    : `${own}\n/${library}/bin/node is Node.js ${process.version}:\n\n${nodeLicense(node)}`
}

/** Where the packages of Debian, NodeSource and nodejs.org put the license of Node. */
function nodeLicense(node: string): string {
  const prefix = dirname(dirname(node))
  const places = ['share/doc/nodejs/LICENSE', 'LICENSE', 'share/doc/nodejs/copyright'].map((one) => join(prefix, one))
  const found = places.find((one) => existsSync(one))
  if (found === undefined)
    throw new Error(`the license of ${node} is in none of ${places.join(', ')}: use --system-node`)
  return readFileSync(found, 'utf8')
}

function placeControl({ top, staging, version, node }: DebianParts, architecture: string): void {
  const files = filesIn(staging)
  const kilobytes = Math.ceil(files.reduce((sum, file) => sum + statSync(file).size, 0) / 1024)
  const control = [
    'Package: siteward',
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: siteward maintainers <siteward@localhost>',
    'Section: net',
    'Priority: optional',
    `Installed-Size: ${kilobytes}`,
    `Depends: ${node === undefined ? systemNeeds : bundledNeeds}`,
    'Recommends: systemd, iputils-ping, ipmitool, freeipmi-tools, procps',
    'Suggests: prometheus, prometheus-alertmanager',
    'Description: monitoring daemon for machine rooms',
    ' Polls switches, servers, UPS, air conditioners, meters and sensors (SNMP,',
    ' Modbus, SSH, IPMI), checks every reading against its limits, exposes readings',
    ' and alarms to Prometheus and alerts through Alertmanager. It only reads.',
  ]
  put(staging, 'DEBIAN/control', `${control.join('\n')}\n`)
  put(staging, 'DEBIAN/conffiles', '/etc/siteward/site.yaml\n/etc/default/siteward\n')
  const sums = files.map((file) => {
    return `${createHash('md5').update(readFileSync(file)).digest('hex')}  ${relative(staging, file)}\n`
  })
  put(staging, 'DEBIAN/md5sums', sums.join(''))
  for (const script of ['postinst', 'prerm', 'postrm'])
    put(staging, `DEBIAN/${script}`, readFileSync(join(top, 'packaging/debian', script), 'utf8'), 0o755)
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
