import { readFileSync } from 'node:fs'
import { collectors } from '../../collectors/registry.ts'
import { shipped } from '../../src/home.ts'
import { freePort } from '../peers/process.ts'

/** What stands for the addresses that the documents write. */
export interface StandIns {
  /** What a reader types, with the addresses of this machine; and what was seen, with those of the documents. */
  here(text: string): string
  there(text: string): string
  close(): Promise<void>
}

/** The devices of the documents, by their addresses (RFC 5737), and the recordings that answer for them. */
const devices = [
  { address: '192.0.2.10:502', protocol: 'modbus', files: ['probes/modbus-temperature-humidity/room/registers.yaml'] },
  { address: '192.0.2.20', protocol: 'snmp', files: ['probes/ups-mib/three-phase/recording.snmprec'] },
  {
    address: '192.0.2.30',
    protocol: 'snmp',
    files: ['probes/system/without-snmpv3/recording.snmprec', 'probes/if-mib/access-switch/recording.snmprec'],
  },
  { address: '192.0.2.40', protocol: 'snmp', files: ['docs/room-monitor.snmprec'] },
] as const

/** The ports on which siteward and its Alertmanager listen in the documents. */
const ports = ['127.0.0.1:9879', '127.0.0.1:9093'] as const

/** Starts them all. Throws where a recording cannot be played. */
export async function startStandIns(): Promise<StandIns> {
  const played = await Promise.all(devices.map(play))
  const listening = await Promise.all(ports.map(async (written) => [written, `127.0.0.1:${await freePort()}`] as const))
  const pairs = [...played.map(({ written, address }) => [written, address] as const), ...listening]
  return {
    here: (text) => pairs.reduce((all, [written, own]) => all.replaceAll(written, own), text),
    there: (text) => pairs.reduce((all, [written, own]) => all.replaceAll(own, written), text),
    close: async () => {
      await Promise.all(played.map((one) => one.close()))
    },
  }
}

async function play({ address, protocol, files }: (typeof devices)[number]) {
  const text = files.map((file) => readFileSync(shipped('fixtures', file), 'utf8')).join('')
  const stand = await collectors[protocol].recordings?.play(text, files[0])
  if (stand?.ok !== true) throw new Error(`${files[0]} cannot be played`)
  return { written: address, address: stand.value.address, close: stand.value.close }
}
