import { good } from '../../src/model/result.ts'
import { Secret } from '../../src/model/secret.ts'
import { formatAddress } from '../address.ts'
import type { Workbench } from '../collector.ts'
import { promptKey, readOutputs } from './commands-file.ts'
import type { SshPlan } from './compile.ts'
import { explain } from './explain.ts'
import { record } from './record.ts'
import { startSshSimulator } from './simulator.ts'
import type { SshTransport } from './transport.ts'

const user = 'siteward'
const password = 'siteward'

/** Recordings of what commands printed, and single readings from it. */
export const workbench: Workbench<SshPlan, SshTransport> = {
  // Any map from texts to texts may be one: the other protocols' forms are looked at first.
  recognises: (text) => readOutputs(text, '').ok,
  async play(text, file, port) {
    const outputs = readOutputs(text, file)
    if (!outputs.ok) return outputs
    const prompt = outputs.value.get(promptKey)?.stdout
    const simulator = await startSshSimulator({
      ...{ user, password, port, command: (run) => outputs.value.get(run) },
      ...(prompt === undefined ? {} : { prompt }),
    })
    return good({
      address: formatAddress(simulator.host, simulator.port),
      credential: { user, password: new Secret(password), host_key: simulator.fingerprint },
      reach: `SSH, user ${user}, password ${password}, host key ${simulator.fingerprint}`,
      close: () => simulator.close(),
    })
  },
  record,
  explain,
}
