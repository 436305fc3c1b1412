import { good } from '../../src/model/result.ts'
import { formatAddress } from '../address.ts'
import type { Workbench } from '../collector.ts'
import type { ModbusPlan } from './compile.ts'
import { explain } from './explain.ts'
import type { Line } from './line.ts'
import { record } from './record.ts'
import { isRegisters, readRegisters, type UnitTables } from './registers-file.ts'
import { startModbusSimulator } from './simulator.ts'

/** The unit at which a recording's own tables are played. */
const ownUnit = 1

/** Recordings of registers in YAML, and single readings from the frames. */
export const workbench: Workbench<ModbusPlan, Line> = {
  recognises: isRegisters,
  async play(text, file, port) {
    const registers = readRegisters(text, file)
    if (!registers.ok) return registers
    const { own, others } = registers.value
    const units = new Map<number, UnitTables>([...others, [ownUnit, own]])
    const simulator = await startModbusSimulator({ units, port })
    return good({
      address: formatAddress(simulator.host, simulator.port),
      credential: undefined,
      reach: `Modbus TCP, unit ${[...units.keys()].join(', ')}`,
      close: () => simulator.close(),
    })
  },
  record,
  explain,
}
