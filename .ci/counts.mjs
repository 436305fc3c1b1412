// Prints the counts of vitest's JSON report in one line; fails when a test failed or none ran.
import { readFileSync } from 'node:fs'

const [, , file = ''] = process.argv
let report
try {
  report = JSON.parse(readFileSync(file, 'utf8'))
} catch {
  console.log('0 passed, 1 failed')
  process.exit(1)
}
const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numFailedTestSuites: suites } = report
// A file that does not even load counts no test: it is a failure all the same.
const broken = Math.max(failed, suites > 0 && failed === 0 ? suites : failed)
console.log(`${passed} passed, ${broken} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(broken > 0 || passed === 0 ? 1 : 0)
