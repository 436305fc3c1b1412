import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { collectors } from '../../collectors/registry.ts'
import { diskFiles } from '../../src/config/files.ts'
import { loadProbes } from '../../src/config/probes.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { shipped } from '../../src/home.ts'
import { formatProblem } from '../../src/model/problem.ts'

const { vocabulary } = await loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)
const protocols = new Map(Object.entries(collectors).map(([name, { schemas }]) => [name, schemas]))

test.each(Object.keys(collectors))(
  'the samples in collectors/%s/README.md are probes without a problem',
  async (name) => {
    const text = readFileSync(shipped('collectors', name, 'README.md'), 'utf8')
    const samples = [...text.matchAll(/```yaml\n(probe: (\S+)\n[\s\S]*?)```/g)]
    expect(samples.length).toBeGreaterThan(0)
    for (const [, yaml = '', probe = ''] of samples) {
      const files = { ...diskFiles, list: async () => [`samples/${probe}.yaml`], read: async () => Buffer.from(yaml) }
      const loaded = await loadProbes('samples', { files, protocols, vocabulary })
      expect(loaded.problems.map(formatProblem)).toEqual([])
      expect(loaded.probes.get(probe)?.points.length).toBeGreaterThan(0)
    }
  },
)
