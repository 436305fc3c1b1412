import type { Problem } from '../model/problem.ts'
import type { Site } from '../model/site.ts'

/** What of a site's files is read anew: all of them, or only the lists of devices that others keep. */
export type Extent = 'all' | 'lists'

/** A site as its files have it; undefined where there is a mistake. */
export interface SiteReading {
  readonly site: Site | undefined
  /** The devices of the site that other sitewards watch. */
  readonly elsewhere: ReadonlySet<string>
  readonly problems: readonly Problem[]
}

/** Where the site comes from, again and again. */
export interface SiteSource {
  /** Reads the site anew, and proves that all of it compiles. Never rejects for what stands in a file. */
  read(extent: Extent): Promise<SiteReading>
  /** The same of another file beside the site's own, without going on with it; undefined for one that lies elsewhere. */
  draft(file: string): Promise<SiteReading | undefined>
  /** The files and folders in which a change may change the site, each with its mark from when it was last read. */
  marks(extent: Extent): ReadonlyMap<string, string>
  /** What is another once the file or folder was written, or another was put in its place. Never rejects. */
  mark(path: string): Promise<string>
  /** Asks for a list of devices; whether it is another than it was when the site was last read. */
  hasChanged(url: string): Promise<boolean>
}
