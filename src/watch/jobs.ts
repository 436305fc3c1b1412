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

/**
 * Compiles every probe of every device; contacts nothing. `stateDirectory` is given where what a protocol must remember
 * may be written. What cannot be compiled is told with its place in the YAML. */
export function prepareJobs(
  site: Site,
  table: SeriesTable,
  collectors: ReadonlyMap<string, Collector>,
  stateDirectory?: string,
): { readonly prepared: readonly Prepared[]; readonly problems: readonly Problem[] } {
  const prepared: Prepared[] = []
  const problems: Problem[] = []
  for (const device of site.devices) {
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
  }
  return { prepared, problems }
}
