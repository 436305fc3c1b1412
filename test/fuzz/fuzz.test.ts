import { describe, expect, test } from 'vitest'
import { fuzzIpmi } from './ipmi.ts'
import { fuzzModbus } from './modbus.ts'
import { fuzzCommunity, fuzzUsers } from './snmp.ts'
import { fuzzSsh } from './ssh.ts'
import { Tally } from './tally.ts'

/** Replies in all; `npm run fuzz` asks for the whole million. */
const replies = Number(process.env['FUZZ'] ?? 20_000)
const seed = Number(process.env['FUZZ_SEED'] ?? 1)
/**
 * In ms: nothing that a device sends may hold up the others for longer. The small number of replies is judged less
 * strictly, since it runs beside other tests, and much of its time is the compiler's.
 */
const mostStall = process.env['FUZZ'] === undefined ? 400 : 100

describe.each([
  ['SNMP v1 and v2c', fuzzCommunity, 0.35],
  ['SNMPv3', fuzzUsers, 0.05],
  ['Modbus TCP and RTU', fuzzModbus, 0.25],
  ['what commands print over SSH', fuzzSsh, 0.2],
  ['what the tools for IPMI print', fuzzIpmi, 0.15],
] as const)('spoilt replies: %s', (name, fuzz, part) => {
  test('crash nothing, hold up nothing, and are no wrong values', { timeout: 1_800_000 }, async () => {
    const tally = new Tally()
    const begun = performance.now()
    await fuzz(Math.round(replies * part), seed, tally)
    const seconds = Math.round((performance.now() - begun) / 100) / 10
    const { polls, readings, faults, wrongValues, longestStall } = tally
    process.stderr.write(
      `${name}: ${tally.replies} replies, ${polls} polls, ${readings} readings, ${faults} faults, ${wrongValues} wrong, longest stall ${Math.round(longestStall)} ms, ${seconds} s\n`,
    )
    expect(tally.wrong).toEqual([])
    expect(longestStall).toBeLessThan(mostStall)
    expect(readings).toBeGreaterThan(0)
    expect(faults).toBeGreaterThan(0)
  })
})
