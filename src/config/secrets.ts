import { dirname, isAbsolute, join } from 'node:path'
import type { Place } from '../model/place.ts'
import { Secret } from '../model/secret.ts'
import { secretKeyword } from '../model/secret-schema.ts'
import type { Spot } from './check.ts'
import { type Files, largestFile, whyUnreadable } from './files.ts'
import { isJson, type Json, jsonOf } from './json.ts'
import type { Problems } from './problems.ts'

/** From where secrets come. */
export interface SecretDeps {
  readonly files: Files
  readonly env: Readonly<Record<string, string | undefined>>
  /** For whoever asks no device and lets nobody in: each secret is empty, and need not be readable. */
  readonly withoutSecrets?: boolean
}

/** No access for others and no writing for the group; reading by a group is how a service's user gets at a file. */
export const tooOpen = 0o027

/** A path of a YAML file, which counts from the folder of that file. */
export function besideFile(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path)
}

/**
 * Puts a Secret in the place of each value that its schema marks as one; the rest stays. Problems never hold a secret.
 * Resolves to a copy of the data.
 */
export async function resolveSecrets(
  data: unknown,
  schema: unknown,
  spot: Spot,
  deps: SecretDeps,
  problems: Problems,
): Promise<unknown> {
  const inner = (value: unknown, valueSchema: unknown, key: string | number): Promise<unknown> =>
    resolveSecrets(value, valueSchema, { ...spot, path: [...spot.path, key] }, deps, problems)
  if (!isJson(schema)) return data
  if (schema[secretKeyword] === true) return readSecret(data, spot, deps, problems)
  if (Array.isArray(data)) return Promise.all(data.map((item, index) => inner(item, schema['items'], index)))
  const branch = branchesOf(schema).find((one) => isJson(data) && Object.keys(data).every((key) => memberOf(one, key)))
  if (branch !== undefined) return resolveSecrets(data, branch, spot, deps, problems)
  if (!isJson(data)) return data
  const entries = Object.entries(data).map(
    async ([key, value]) => [key, await inner(value, memberOf(schema, key), key)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

function branchesOf({ anyOf, oneOf }: Json): readonly unknown[] {
  return [anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []))
}

/** The schema of one key of an object. */
function memberOf(schema: unknown, key: string): unknown {
  const { properties, patternProperties, additionalProperties } = jsonOf(schema)
  if (isJson(properties) && Object.hasOwn(properties, key)) return properties[key]
  const patterns = isJson(patternProperties) ? Object.entries(patternProperties) : []
  const found = patterns.find(([pattern]) => new RegExp(pattern, 'u').test(key))
  return found?.[1] ?? (isJson(additionalProperties) ? additionalProperties : undefined)
}

async function readSecret(data: unknown, { tree, path }: Spot, deps: SecretDeps, problems: Problems): Promise<Secret> {
  if (deps.withoutSecrets === true) return new Secret('')
  if (typeof data === 'string') {
    await warnInline(tree.file, tree.at(path), deps, problems)
    return new Secret(data)
  }
  const { file, credential, env } = jsonOf(data)
  const at = (key: string): Place => tree.at([...path, key])
  let text: string | undefined
  if (typeof file === 'string') text = await secretFile(besideFile(tree.file, file), at('file'), deps, problems)
  else if (typeof credential === 'string')
    text = await secretCredential(credential, tree.file, at('credential'), deps, problems)
  else text = secretEnv(String(env), at('env'), deps, problems)
  return new Secret(text ?? '')
}

async function warnInline(file: string, place: Place, { files }: SecretDeps, problems: Problems): Promise<void> {
  const mode = await files.mode(file).catch(() => 0)
  if ((mode & 0o004) === 0) return
  problems.warn(
    place,
    'this secret stands in a file that every user may read',
    `chmod 640 the file, or write { file: PATH }`,
  )
}

async function secretFile(
  file: string,
  place: Place,
  { files }: SecretDeps,
  problems: Problems,
): Promise<string | undefined> {
  try {
    const mode = await files.mode(file)
    if ((mode & tooOpen) !== 0) {
      const octal = mode.toString(8).padStart(4, '0')
      problems.add(place, `the secret file ${file} is open to others (mode ${octal})`, `chmod 640 ${file}, or 600`)
    }
    const bytes = await files.read(file)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/[\r\n]+$/, '')
    if (bytes.length > largestFile) problems.add(place, `the secret file ${file} is larger than 2 MiB`)
    if (text === '') problems.add(place, `the secret file ${file} is empty`)
    return text
  } catch (error) {
    const why = error instanceof TypeError ? 'is not UTF-8 text' : whyUnreadable(error)
    problems.add(place, `the secret file ${file} ${why}`)
    return undefined
  }
}

/**
 * A credential that systemd has handed on (systemd.exec(5), LoadCredential=): a file in a folder that this service alone can
 * read. The shipped unit hands on the whole of /etc/siteward/credentials as `siteward`, by which systemd names each file
 * there `siteward_NAME`. For whoever types a command it is the folder `credentials` beside the YAML file.
 */
async function secretCredential(
  name: string,
  file: string,
  place: Place,
  deps: SecretDeps,
  problems: Problems,
): Promise<string | undefined> {
  const handedOn = deps.env['CREDENTIALS_DIRECTORY'] ?? ''
  const folder = handedOn === '' ? besideFile(file, 'credentials') : handedOn
  const candidates = [join(folder, name), join(folder, `siteward_${name}`)]
  const modes = await Promise.all(candidates.map((one) => deps.files.mode(one).catch(() => undefined)))
  const found = candidates[modes.findIndex((mode) => mode !== undefined)] ?? join(folder, name)
  return secretFile(found, place, deps, problems)
}

function secretEnv(name: string, place: Place, { env }: SecretDeps, problems: Problems): string | undefined {
  const text = env[name]
  if (text === undefined)
    problems.add(place, `the environment has no variable ${name}`, 'set it where siteward is started')
  else if (text === '') problems.add(place, `the environment variable ${name} is empty`)
  return text
}
