import type { Milliseconds } from '../../src/model/clock.ts'
import type { FaultKind } from '../../src/model/fault.ts'
import type { Ask, Target, Tool } from './commands.ts'

/** Why a tool gave no answer; `unsupported` is a BMC that does not know the command, which is not a fault. */
export type Failure =
  | { readonly kind: 'fault'; readonly fault: FaultKind; readonly detail: string }
  | { readonly kind: 'unsupported' }

/** What a tool left behind: its exit status says no more than "failed", so its words and its time must. */
export interface Ending {
  readonly tool: Tool
  readonly ask: Ask
  readonly code: number
  readonly err: string
  readonly took: Milliseconds
}

interface Clue {
  readonly words: RegExp
  readonly fault: FaultKind
  readonly detail: (target: Target) => string
}

/**
 * FreeIPMI's words are those of ipmi_ctx_errormsg() in libfreeipmi; ipmitool's of src/plugins/lanplus. The first clue
 * that fits is taken.
 */
const clues: readonly Clue[] = [
  {
    words: /username invalid|unauthorized name/i,
    fault: 'auth',
    detail: ({ user }) =>
      `the BMC knows no user "${user}"; check user: of the credential, and that it may use IPMI over LAN`,
  },
  {
    words:
      /password invalid|password verification timeout|k_g invalid|RAKP 2 HMAC is invalid|RAKP 4 message has invalid/i,
    fault: 'auth',
    detail: ({ user }) => `the BMC refuses the password of "${user}"; check the credential`,
  },
  {
    words:
      /privilege level (cannot be obtained|insufficient)|Set Session Privilege Level to \w+ failed|privilege level exceeds/i,
    fault: 'auth',
    detail: ({ user, privilege }) =>
      `the BMC does not grant "${user}" the privilege level ${privilege}; set privilege: to what the user has, or, if that is right, workarounds: [opensesspriv]`,
  },
  {
    words: /RAKP [24] message indicates an error : (unauthorized|invalid) role|authentication type unavailable/i,
    fault: 'auth',
    detail: ({ user, privilege }) => `the BMC refuses "${user}" at the privilege level ${privilege}; set privilege:`,
  },
  {
    words: /insufficient resources|BMC busy|driver busy|node busy/i,
    fault: 'busy',
    detail: () => 'the BMC has no free session; something else asks it too often, or it needs a restart',
  },
  {
    words:
      /cipher suite id unavailable|invalid (authentication|integrity|confidentiality) algorithm|no matching cipher suite/i,
    fault: 'config',
    detail: ({ cipherSuite }) =>
      `the BMC refuses cipher suite ${cipherSuite}; set cipher_suite: (17 for new ones, 3 for old ones)`,
  },
  {
    words: /invalid hostname|Address lookup for .{1,300} failed/i,
    fault: 'dns',
    detail: ({ host }) => `no address is found for ${host}`,
  },
  {
    words: /ipmi 2\.0 unavailable/i,
    fault: 'config',
    detail: () => 'the BMC does not speak IPMI 2.0; enable it in its settings',
  },
  {
    words: /could not find inband device|could not open device|device not found|permission denied|must be root/i,
    fault: 'config',
    detail: () =>
      'no IPMI device of this machine can be opened; load the modules ipmi_si and ipmi_devintf, and let siteward read and write /dev/ipmi0',
  },
  {
    words:
      /(connection|session|message|driver) timeout|timeout in open session|no response from|Error issuing Get Channel/i,
    fault: 'timeout',
    detail: silence,
  },
]

/** What the failure of a tool means for the operator, from its own words and from how long it took. */
export function classify(ending: Ending, target: Target): Failure {
  if (ending.ask === 'dcmi' && isUnsupported(ending.err)) return { kind: 'unsupported' }
  const clue = clues.find(({ words }) => words.test(ending.err))
  if (clue !== undefined) return { kind: 'fault', fault: clue.fault, detail: clue.detail(target) }
  // ipmitool has one line for all that goes wrong before a session stands; only silence takes a second or more.
  if (/Unable to establish/i.test(ending.err)) {
    return ending.took >= 900
      ? { kind: 'fault', fault: 'timeout', detail: silence(target) }
      : { kind: 'fault', fault: 'refused', detail: 'the BMC refuses a session; check user, password and cipher_suite:' }
  }
  if (/internal IPMI error/i.test(ending.err)) {
    const detail = `the BMC broke off the session; try another cipher_suite: than ${target.cipherSuite}, or a workaround`
    return { kind: 'fault', fault: 'protocol', detail }
  }
  return {
    kind: 'fault',
    fault: 'protocol',
    detail: `${ending.tool} ended with status ${ending.code} while reading ${ending.ask}; run it by hand against this BMC`,
  }
}

function silence({ host, port }: Target): string {
  return host === undefined
    ? 'the BMC of this machine does not answer'
    : `no answer from ${host} port ${port}; is IPMI over LAN enabled there, and the port (UDP) open?`
}

/** Both tools, by a BMC without DCMI (completion code C1h) and by one that keeps it from this privilege level (D4h). */
function isUnsupported(err: string): boolean {
  return /command invalid|not supported|privilege level insufficient|DCMI request failed because/i.test(err)
}
