// What the tests came to, whatever ran them: counts, what was left out, and why the whole is red.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../lib/freshness.mjs'
import { electronEnv } from '../lib/runtime.mjs'

export const isLong = process.argv.includes('--all')
const isCi = /^(1|true)$/.test(process.env.CI ?? '')
export const say = (text) => process.stderr.write(`${text}\n`)
export const bin = (name) => join(root, 'node_modules/.bin', name)

const env = electronEnv({
  PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  ...(isLong ? { COORD_LONG: '1' } : {}),
})
for (const name of Object.keys(env))
  if (/^COORD_(API_URL|PORT|TOKEN|SESSION|MACHINE|WORKSPACES|HOME)$/.test(name)) delete env[name]

/** Runs a program to its end, in an environment without this person's settings; gives its exit code. */
export const run = (command, args, extra = {}) =>
  spawnSync(command, args, { stdio: 'inherit', env: { ...env, ...extra } }).status ?? 1

export const total = { passed: 0, failed: 0, skipped: 0, flaky: 0 }
/** What failed, as a person would look for it: said again at the end, where a log is read first. */
export const failures = []
/** What this machine could not run, with the command that would bring it in: a failure of CI. */
export const leftOut = []
/** What else is not shown here, and is no failure. */
export const notes = []
/** How many tests of the long form (`@long` in the title) this run did not tell. */
export const leftToLong = { units: 0, stories: 0 }
let isBroken = false

/** Runs a test runner that leaves its report in `file`; `count` adds what is in there to the total. */
export function runAndCount(name, file, count, ...command) {
  rmSync(file, { force: true })
  if (run(...command) !== 0) isBroken = true
  try {
    count(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    say(`${name} left no report: ${error.message}`)
    isBroken = true
  }
}

/** Prints the last lines; gives the exit code. */
export function conclude() {
  console.log('')
  if (total.flaky > 0) console.log(`passed only when tried again: ${total.flaky}`)
  for (const what of leftOut) console.log(`left out: ${what}`)
  for (const note of notes) console.log(note)
  const { units, stories } = leftToLong
  if (units + stories > 0)
    console.log(
      `left to \`npm run test:all\`: ${units} unit tests and ${stories} stories, and longer rounds of others`,
    )
  for (const what of failures) console.log(`failed: ${what}`)
  const isRed = isBroken || total.failed > 0 || (isCi && leftOut.length > 0)
  // Counts alone do not say that a runner died, or that CI left something out.
  if (isRed && total.failed === 0) total.failed = 1
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return isRed ? 1 : 0
}
