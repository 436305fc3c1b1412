import type { Collector, Job } from '../../collectors/collector.ts'
import type { Device, ProbeUse } from '../model/device.ts'
import type { Problem } from '../model/problem.ts'
import type { SeriesTable, Source } from '../model/series.ts'
import type { Site } from '../model/site.ts'

/** One probe of one device, compiled and ready to poll. */
export interface Prepared {
  readonly device: Device
  readonly use: ProbeUse
  readonly source: Source
  readonly job: Job
}

/** With what probes are compiled. */
interface JobDeps {
  readonly table: SeriesTable
  readonly collectors: ReadonlyMap<string, Collector>
  /** Where what a protocol must remember may be written; absent where nothing may be. */
  readonly stateDirectory?: string
}

/** What came of compiling; what cannot be compiled is told with its place in the YAML. */
interface Preparation {
  readonly prepared: readonly Prepared[]
  readonly problems: readonly Problem[]
}

/** Compiles every probe of every device; contacts nothing. */
export function prepareJobs(
  site: Pick<Site, 'devices'>,
  table: SeriesTable,
  collectors: ReadonlyMap<string, Collector>,
  stateDirectory?: string,
): Preparation {
  const deps = { table, collectors, ...(stateDirectory === undefined ? {} : { stateDirectory }) }
  const all = site.devices.map((device) => prepareDevice(device, deps))
  return { prepared: all.flatMap(({ prepared }) => prepared), problems: all.flatMap(({ problems }) => problems) }
}

/** Compiles every probe of one device; contacts nothing. */
export function prepareDevice(device: Device, { table, collectors, stateDirectory }: JobDeps): Preparation {
  const prepared: Prepared[] = []
  const problems: Problem[] = []
  for (const use of device.probes) {
    const collector = collectors.get(use.probe.collector)
    if (collector === undefined) {
      problems.push({ place: use.probe.place, message: `no collector ${use.probe.collector}` })
      continue
    }
    const source = table.source(device.name, use.probe.name)
    const job = collector.prepare(use, device, table.scope(source), undefined, stateDirectory)
    if (job.ok) prepared.push({ device, use, source, job: job.value })
    else problems.push(...job.problems)
  }
  return { prepared, problems }
}
