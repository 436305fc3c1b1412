/** A quiet time as `GET /api/v1/quiet` lists it, for commands and the page; its times are texts in the site's time zone. */
export interface ListedQuiet {
  readonly name: string
  /** Who added it; empty for one of the site file. */
  readonly by: string
  readonly note: string
  readonly devices: readonly string[]
  readonly alarms: readonly string[]
  readonly match: Readonly<Record<string, string>>
  readonly from?: string
  readonly until?: string
  readonly recurring?: boolean
  /** Whether it is quiet now, and then until when, and which alarms fire under it. */
  readonly active: boolean
  readonly ends?: string
  readonly unwell?: readonly string[]
}
