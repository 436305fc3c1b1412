import { parseRecording } from '../../collectors/snmp/recording.ts'
import { startSnmpSimulator } from '../../collectors/snmp/simulator.ts'
import { answer } from '../program.ts'
import { switchRecording } from './if-mib.ts'

/** A simulated switch in a process of its own, so that its CPU is nobody's. Arguments: PORTS PORT. */
const [, , ports, port] = process.argv
const recording = parseRecording(switchRecording(Number(ports)), 'switch')
if (!recording.ok) throw new Error('the recording is broken')
await startSnmpSimulator({ recording: recording.value, port: Number(port) })
answer(async () => {})
