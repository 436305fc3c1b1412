import type { FaultKind } from '../../src/model/fault.ts'
import type { Link } from './link.ts'

/** Why there was no answer, in words for the operator. */
export interface Failure {
  readonly kind: FaultKind
  readonly detail: string
}

/** Why a connection or serial line could not be opened; the library's own error is not passed on. */
export function openFailure(error: unknown, link: Link): Failure {
  return link.kind === 'tcp'
    ? tcpFailure(error, link.host, `${link.host} port ${link.port}`)
    : serialFailure(error, link.path)
}

function tcpFailure(error: unknown, host: string, where: string): Failure {
  const code = codeOf(error)
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) {
    return { kind: 'dns', detail: `the name ${host} is not known; check address: and the name server` }
  }
  if (code === 'ECONNREFUSED') {
    return { kind: 'refused', detail: `${where} refuses connections; is Modbus TCP switched on, and the port right?` }
  }
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EHOSTDOWN' || code === 'ETIMEDOUT') {
    return { kind: 'timeout', detail: `${where} cannot be reached; check the network, then the device's power` }
  }
  return { kind: 'refused', detail: `${where} ended the connection while it was opened; does it allow one more?` }
}

function serialFailure(error: unknown, path: string): Failure {
  const text = error instanceof Error ? error.message : ''
  if (codeOf(error) === 'MODULE_NOT_FOUND') {
    return { kind: 'config', detail: 'serial lines need the package serialport, which is not installed' }
  }
  if (/no such|cannot find|file not found/i.test(text)) {
    return { kind: 'config', detail: `there is no ${path}; is the adapter plugged in?` }
  }
  if (/permission|access denied/i.test(text)) {
    return { kind: 'config', detail: `${path} may not be opened; siteward's user must be in its group (dialout)` }
  }
  if (/lock|busy|temporarily/i.test(text)) {
    return { kind: 'busy', detail: `${path} is held by another program, or by a device here with other line settings` }
  }
  return { kind: 'refused', detail: `${path} cannot be opened as a serial line` }
}

/** The error's code; of several addresses that all failed, the first one's. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** What an exception of the device means (Modbus Application Protocol V1.1b3, 7) and what to do about it. */
export function exceptionFailure(code: number): Failure {
  switch (code) {
    case 1:
      return { kind: 'config', detail: 'the device does not know this kind of read (exception 1); try the other table' }
    case 2:
      return {
        kind: 'config',
        detail: 'the device has no such address (exception 2); check the model and counted_from',
      }
    case 3:
      return { kind: 'config', detail: 'the device refuses this length (exception 3); check type: and block:' }
    case 4:
      return { kind: 'protocol', detail: 'the device failed to read it (exception 4); look at the device itself' }
    case 5:
    case 6:
      return {
        kind: 'busy',
        detail: `the device is busy (exception ${code}); lengthen the interval or give it a pause`,
      }
    case 0x0a:
      return {
        kind: 'timeout',
        detail: 'the gateway answers but has no way to the unit (exception 10); check its set-up',
      }
    case 0x0b:
      return {
        kind: 'timeout',
        detail: 'the gateway answers, the unit does not (exception 11); check unit and its cable',
      }
    default:
      return { kind: 'protocol', detail: `the device answered with exception ${code}, which is not one of a read` }
  }
}
