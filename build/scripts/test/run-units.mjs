// Units, adapters on real files and sockets, the API: vitest.
import { relative } from 'node:path'
import { root } from '../lib/freshness.mjs'
import { aptCommand, missingPrograms } from './find-parts.mjs'
import { bin, failures, isLong, leftOut, leftToLong, notes, runAndCount, total } from './report.mjs'

const REPORT = 'out/vitest.json'
/** Tests that run other people's programs, as a session's shell does. */
const WITH_PROGRAMS = ['api/protocol-document', 'core/outbox/outbox-writers', 'core/outbox/outbox-faults']

/** First line of what a test said when it failed. */
const reason = (text) => (text ?? '').split('\n', 1)[0]

function count(report) {
  for (const { name, status, message, assertionResults } of report.testResults ?? []) {
    const file = relative(root, name)
    if (status === 'failed' && assertionResults.length === 0) failures.push(`${file}: ${reason(message)}`)
    for (const test of assertionResults)
      if (test.status === 'failed')
        failures.push(`${file} › ${test.fullName}: ${reason(test.failureMessages[0])}`)
  }
  total.passed += report.numPassedTests
  total.failed +=
    report.numFailedTests +
    (report.testResults ?? []).filter((r) => r.status === 'failed' && r.assertionResults.length === 0).length
  const long = (report.testResults ?? [])
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status, fullName }) => status === 'skipped' && fullName.includes('@long')).length
  // vitest skips them by their names, and Playwright does not list them: what is left to the long form is told by itself.
  if (!isLong) leftToLong.units = long
  total.skipped += (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0) - (isLong ? 0 : long)
}

async function sayOfGalera() {
  const { NO_GALERA } = await import('../../../electron/api/testing/galera.ts')
  const lacked = missingPrograms().filter((name) => name === 'galera-4' || name === 'iproute2')
  const what = 'left out: the API on a Galera cluster'
  if (lacked.length > 0)
    leftOut.push(`the API on a Galera cluster (no ${lacked.join(', no ')}): ${aptCommand(...lacked)}`)
  else if (NO_GALERA !== undefined) notes.push(`${what}: ${NO_GALERA}`)
}

export async function runUnits() {
  const lacked = missingPrograms().filter((name) => name === 'jq' || name === 'curl')
  const excluded = lacked.length === 0 ? [] : [...WITH_PROGRAMS]
  if (lacked.length > 0)
    leftOut.push(
      `what other programs do to a queue and to the API (no ${lacked.join(', no ')}): ${aptCommand(...lacked)}`,
    )
  const noDatabase = missingPrograms().filter((name) => name.startsWith('mariadb-'))
  if (noDatabase.length > 0)
    leftOut.push(`the API on MariaDB (no ${noDatabase.join(', no ')}): ${aptCommand(...noDatabase)}`)
  if (isLong) await sayOfGalera()
  // A cluster takes a minute by itself.
  else excluded.push('api/mariadb/galera')
  runAndCount('vitest', REPORT, count, bin('vitest'), [
    ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`],
    ...excluded.flatMap((name) => ['--exclude', `electron/${name}.test.ts`]),
  ])
}
