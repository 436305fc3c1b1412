import { collectors } from '../collectors/registry.ts'
import { diskFiles, type Files } from '../src/config/files.ts'
import { type Loaded, loadSite } from '../src/config/load.ts'
import { shipped } from '../src/home.ts'

/** The disk, with the secrets that a site has and a repository has not. */
const files: Files = {
  ...diskFiles,
  read: async (path) => (path.includes('/secrets/') ? Buffer.from('a secret for the test') : diskFiles.read(path)),
  mode: async (path) => (path.includes('/secrets/') ? 0o600 : diskFiles.mode(path)),
}

/** An example of config/, as on a machine that has its secrets. */
export const loadExample = (name: string): Promise<Loaded> =>
  loadSite(shipped('config', name), {
    files,
    fetchList: async () => undefined,
    env: {},
    protocols: new Map(Object.entries(collectors).map(([protocol, { schemas }]) => [protocol, schemas])),
    shipped: {
      probes: shipped('probes'),
      metrics: shipped('config', 'metrics.yaml'),
      rules: shipped('config', 'rules.yaml'),
      checks: shipped('config', 'checks.yaml'),
      holidays: shipped('config', 'holidays.yaml'),
    },
  })
