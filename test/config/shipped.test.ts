import { expect, it } from 'vitest'
import { diskFiles } from '../../src/config/files.ts'
import { loadRules } from '../../src/config/rules.ts'
import { loadVocabulary } from '../../src/config/vocabulary.ts'
import { shipped } from '../../src/home.ts'

const load = () => loadVocabulary(shipped('config', 'metrics.yaml'), diskFiles)

it('the vocabulary that ships with siteward has no mistake', async () => {
  const { vocabulary, problems } = await load()
  expect(problems).toEqual([])
  expect(vocabulary.size).toBeGreaterThan(110)
})

it('Chinese texts are Chinese, English ones are not', async () => {
  const { vocabulary } = await load()
  const han = /\p{Script=Han}/u
  for (const metric of vocabulary.values()) {
    const texts = [metric.text, ...(metric.kind === 'state' ? Object.values(metric.stateTexts) : [])]
    for (const { en, zh } of texts)
      expect([en, han.test(en), zh, /^(电源 [AB])?$/.test(zh) || han.test(zh)]).toEqual([en, false, zh, true])
  }
})

it('the rules that ship with siteward judge what it says of itself', async () => {
  const { vocabulary } = await load()
  const { drafts, problems } = await loadRules(shipped('config', 'rules.yaml'), diskFiles, vocabulary)
  expect(problems).toEqual([])
  expect(drafts.map((draft) => [draft.alarm, draft.when, draft.severity])).toEqual([
    ['DeviceDown', 'siteward_device_up', 'critical'],
    ['LinkEndsDiffer', 'siteward_link_state', 'warning'],
  ])
})
