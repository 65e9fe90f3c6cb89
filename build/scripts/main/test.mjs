// The tests, as far as this machine allows: units (vitest), then whole-program stories (Playwright). What was left out
// stands at the end, with the command that would bring it in; with CI=true leaving out is a failure. `--all` adds the long
// forms.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CANNOT_BE_SHOWN, WHY_RED } from '../lib/bare-root.mjs'
import { root } from '../lib/freshness.mjs'
import { installSchemathesis, runSchemathesis } from '../schemathesis.mjs'
import { aptCommand, findParts } from '../test/find-parts.mjs'
import { conclude, failures, isLong, leftOut, notes, run, total } from '../test/report.mjs'
import { runStories } from '../test/run-stories.mjs'
import { runUnits } from '../test/run-units.mjs'

process.chdir(root)
await findParts()
if (run(process.execPath, [join(root, 'build/scripts/build.mjs')]) !== 0) process.exit(1)
mkdirSync('out', { recursive: true })
await runUnits()
if (isLong) await compareWithDocument()
await runStories()
if (isLong) {
  tryOnBareMachine('the two commands on a bare machine', 'bare.mjs')
  tryOnBareMachine('the packages on a bare machine', 'test-packages.mjs')
}
process.exit(conclude())

/** The API's own document against its answers, on both databases. */
async function compareWithDocument() {
  if (!installSchemathesis())
    return void leftOut.push(
      `the API's document against its answers: ${aptCommand('python3-venv', 'python3-pip')}`,
    )
  count('a file', await runSchemathesis(100))
  const { NO_MARIADB, startMariaDb } = await import('../../../electron/api/testing/mariadb.ts')
  // What is left out without it is said by the units.
  if (NO_MARIADB !== undefined) return
  const mariadb = await startMariaDb()
  count('MariaDB', await runSchemathesis(100, await mariadb.newDatabase()))
  await mariadb.remove()
}

function count(database, status) {
  if (status === 0) return void total.passed++
  failures.push(`the API's document against its answers, on ${database}`)
  total.failed++
}

/** What a stranger does first, where nothing else is. */
function tryOnBareMachine(what, script) {
  rmSync(WHY_RED, { force: true })
  const code = run(process.execPath, [join(root, 'build/scripts', script)])
  if (code === CANNOT_BE_SHOWN) notes.push(`not shown here: ${what} (above)`)
  else if (code === 0) total.passed++
  else {
    failures.push(existsSync(WHY_RED) ? `${what}: ${readFileSync(WHY_RED, 'utf8').trim()}` : what)
    total.failed++
  }
}
