import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDebian } from './debian.ts'
import { librariesIn, licenseList } from './licenses.ts'
import { run } from './run.ts'

/*
 * `npm run release [-- --output FOLDER] [--system-node] [--quick]`: what is given to those who install siteward, in dist-release/:
 * the npm package, the Debian package, the bill of materials, the licenses, and the checksums of them all. With
 * --system-node the Debian package takes the system's Node and not the one that runs this; --quick packs it less tightly.
 */

const top = resolve(import.meta.dirname, '..')
const options = {
  output: { type: 'string', default: 'dist-release' },
  'system-node': { type: 'boolean' },
  quick: { type: 'boolean', default: false },
} as const

interface Manifest {
  readonly version: string
  readonly devDependencies: unknown
}

/** Files that are made twice of one commit are the same: their times are the commit's. */
function commitTime(): string {
  return process.env['SOURCE_DATE_EPOCH'] ?? run('git', ['log', '-1', '--format=%ct'], top).trim()
}

/** Libraries as the lock file has them, without scripts of theirs; and the list of their licenses beside them. */
function installLibraries(folder: string): string {
  copyFileSync(join(top, 'package.json'), join(folder, 'package.json'))
  copyFileSync(join(top, 'package-lock.json'), join(folder, 'package-lock.json'))
  run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], folder)
  return join(folder, 'node_modules')
}

/**
 * CycloneDX, of what is shipped: of the libraries in this folder, and Node itself where it goes along. npm would leave out
 * a library that one of the tools for development asks for as well, so these are not told of.
 */
function billOfMaterials(folder: string, withNode: boolean): string {
  const { devDependencies: _, ...manifest } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as Manifest
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application']
  const bill = JSON.parse(run('npm', args, folder)) as { components: object[] }
  const node = {
    type: 'platform',
    name: 'node',
    version: process.version.slice(1),
    purl: `pkg:generic/node@${process.version.slice(1)}`,
  }
  const components = withNode ? [...bill.components, node] : bill.components
  return `${JSON.stringify({ ...bill, components }, null, 2)}\n`
}

/** The npm package unpacked, with its libraries: the folder that the Debian package installs. */
function unpack(tarball: string, modules: string, folder: string): string {
  run('tar', ['-xzf', tarball, '-C', folder], top)
  const installed = join(folder, 'package')
  run('mv', [modules, join(installed, 'node_modules')], top)
  return installed
}

function checksums(output: string): string {
  const lines = readdirSync(output)
    .filter((name) => name !== 'SHA256SUMS')
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(output, name)))
          .digest('hex')}  ${name}\n`,
    )
  return lines.join('')
}

function release(output: string, withNode: boolean, isQuick: boolean): void {
  const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as Manifest
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), 'siteward-release-'))
  try {
    const modules = installLibraries(work)
    const licenses = join(top, 'LICENSES')
    writeFileSync(licenses, licenseList(librariesIn(modules)))
    const bill = join(output, 'sbom.json')
    writeFileSync(bill, billOfMaterials(work, withNode))
    // It takes the licenses along: the libraries are part of what was built.
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', output], top)
    copyFileSync(licenses, join(output, 'LICENSES'))
    process.env['SOURCE_DATE_EPOCH'] = commitTime()
    buildDebian({
      top,
      installed: unpack(join(output, `siteward-${version}.tgz`), modules, work),
      staging: join(work, 'debian'),
      output,
      version,
      documents: [bill, licenses],
      isQuick,
      node: withNode ? process.execPath : undefined,
    })
    writeFileSync(join(output, 'SHA256SUMS'), checksums(output))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const { values } = parseArgs({ options })
release(resolve(values.output), values['system-node'] !== true, values.quick)
