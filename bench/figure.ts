/** What was measured of a figure. */
export interface Measured {
  /** In the unit that the figure's text names; a ratio where it says "against". NaN when it could not be measured. */
  readonly value: number
  readonly met: boolean
  /** How far the rounds lay apart, or how the value came about. */
  readonly spread: string
  /** What else the reader wants to know: both sides' own numbers. */
  readonly detail?: string
}

/** One line of the table: something about speed or size that siteward promises. */
export interface Figure {
  readonly id: number
  readonly figure: string
  readonly goal: string
  run(): Promise<Measured>
}
