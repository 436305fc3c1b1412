import { good } from '../../src/model/result.ts'
import { Secret } from '../../src/model/secret.ts'
import { formatAddress } from '../address.ts'
import type { Workbench } from '../collector.ts'
import type { SnmpPlan } from './compile.ts'
import { explain } from './explain.ts'
import { introduce } from './introduce.ts'
import { record } from './record.ts'
import { parseRecording } from './recording.ts'
import { startSnmpSimulator } from './simulator.ts'
import type { SnmpTransport } from './transport.ts'

const community = 'public'

/** Recordings in snmpsim's form (.snmprec), and single readings from the datagrams. */
export const workbench: Workbench<SnmpPlan, SnmpTransport> = {
  recognises: (text) => /^(?:#.*\r?\n|\r?\n)*\d+(?:\.\d+)+\|\d+x?\|/.test(text),
  async play(text, file, port) {
    const recording = parseRecording(text, file)
    if (!recording.ok) return recording
    const simulator = await startSnmpSimulator({ recording: recording.value, port, community })
    return good({
      address: formatAddress(simulator.host, simulator.port),
      credential: { version: '2c', community: new Secret(community) },
      reach: `SNMP v1 and v2c, community ${community}`,
      close: () => simulator.close(),
    })
  },
  record,
  introduce,
  explain,
}
