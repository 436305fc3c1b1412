import type { Milliseconds } from './clock.ts'

/** A list of devices that others keep: siteward looks at it again and again, and goes on with what it says. */
export type DeviceList =
  | { readonly kind: 'http'; readonly url: string; readonly interval: Milliseconds }
  /** The files in a folder or below it whose names fit; a star in `name` stands for any signs. */
  | { readonly kind: 'files'; readonly folder: string; readonly name: string }
