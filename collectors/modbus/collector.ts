import { collector } from '../collector.ts'
import { compile, type ModbusPlan } from './compile.ts'
import { Line } from './line.ts'
import { poll } from './poll.ts'
import { schemas } from './schema.ts'
import { substituting } from './substitute.ts'

/** Modbus TCP, RTU over TCP and serial RTU; reads only. */
export const modbus = collector({
  protocol: 'modbus',
  schemas,
  compile,
  open: (plan: ModbusPlan, tap) => new Line(plan.link, tap),
  poll,
  pollWith: (plan, line, substitute, context) => poll(plan, substituting(line, plan, substitute), context),
  close: (line: Line) => line.close(),
  workbench: {
    fileName: 'registers.yaml',
    telling: false,
    load: async () => (await import('./workbench.ts')).workbench,
  },
})
