/** Who has started siteward, and starts it anew when it does not hear from it. */
export interface Supervisor {
  /** siteward does now what it is there for; `status` is one line for people. */
  ready(status: string): void
  /** siteward reads its configuration anew, until it says again that it is ready. */
  reloading(): void
  /** From now on it is told again and again that siteward lives, but only while `isAdvancing`, the last one given, says so. */
  keepAlive(isAdvancing: () => boolean): void
  /** siteward ends by itself, and says no more; harmless a second time. */
  stopping(): void
}

/** Nobody wants to hear: siteward was started by hand, or in a container. */
export const noSupervisor: Supervisor = { ready() {}, reloading() {}, keepAlive() {}, stopping() {} }
