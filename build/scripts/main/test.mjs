// The tests, as far as this machine allows: units (vitest), then whole-program stories (Playwright). What was left out
// stands at the end, with the command that would bring it in; with CI=true leaving out is a failure. Both wait more than they
// reckon, so they run side by side. `--all` adds the long forms, which load the machine by themselves: one after the other.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CANNOT_BE_SHOWN, WHY_RED } from '../lib/bare-root.mjs'
import { root } from '../lib/freshness.mjs'
import { installSchemathesis, runSchemathesis } from '../schemathesis.mjs'
import { aptCommand, findParts } from '../test/find-parts.mjs'
import { conclude, failures, heldBack, isLong, leftOut, notes, run, total } from '../test/report.mjs'
import { runStories } from '../test/run-stories.mjs'
import { runUnits } from '../test/run-units.mjs'

process.chdir(root)
await findParts()
if ((await run(process.execPath, [join(root, 'build/scripts/build.mjs')])) !== 0) process.exit(1)
mkdirSync('out', { recursive: true })
if (isLong) await oneAfterTheOther()
else await sideBySide()
process.exit(conclude())

async function sideBySide() {
  const stories = heldBack()
  await Promise.all([runStories(stories.write), runUnits().finally(() => stories.letGo())])
}

async function oneAfterTheOther() {
  await runUnits()
  await compareWithDocument()
  await runStories()
  await tryOnBareMachine('the two commands on a bare machine', 'bare.mjs')
  await tryOnBareMachine('the packages on a bare machine', 'test-packages.mjs')
}

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
async function tryOnBareMachine(what, script) {
  rmSync(WHY_RED, { force: true })
  const code = await run(process.execPath, [join(root, 'build/scripts', script)])
  if (code === CANNOT_BE_SHOWN) notes.push(`not shown here: ${what} (above)`)
  else if (code === 0) total.passed++
  else {
    failures.push(existsSync(WHY_RED) ? `${what}: ${readFileSync(WHY_RED, 'utf8').trim()}` : what)
    total.failed++
  }
}
