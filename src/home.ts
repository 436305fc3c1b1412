import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const packageFile = createRequire(import.meta.url).resolve('#package')

/** The folder of package.json, probes/ and config/: the same from src/ under tsx and from dist/ when built. */
export const home = dirname(packageFile)

/** Absolute path of a file that ships with siteward, e.g. `shipped('config', 'metrics.yaml')`. */
export function shipped(...parts: readonly string[]): string {
  return join(home, ...parts)
}
