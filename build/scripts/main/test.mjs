// The tests, as far as this machine allows: units (vitest), then whole-program stories (Playwright) in Chromium and in
// Electron under Xvfb and a session bus of their own. What was left out stands at the end, with the command that would
// bring it in; with CI=true leaving out is a failure. `--all` adds the long forms.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installSchemathesis, runSchemathesis } from '../schemathesis.mjs'
import { CANNOT_BE_SHOWN } from '../lib/bare-root.mjs'
import { startDisplay } from '../lib/display.mjs'
import { deskPackages, desksLeftOut } from '../lib/desks.mjs'
import { root } from '../lib/freshness.mjs'
import {
  electronEnv,
  findElectron,
  has,
  isDebian,
  isRoot,
  listDir,
  missingLibraries,
} from '../lib/runtime.mjs'

process.chdir(root)
const isCi = /^(1|true)$/.test(process.env.CI ?? '')
const isLong = process.argv.includes('--all')
const say = (text) => process.stderr.write(`${text}\n`)
const bin = (name) => join(root, 'node_modules/.bin', name)
const env = electronEnv({
  PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  ...(isLong ? { COORD_LONG: '1' } : {}),
})
for (const name of Object.keys(env))
  if (/^COORD_(API_URL|PORT|TOKEN|SESSION|MACHINE|WORKSPACES|HOME)$/.test(name)) delete env[name]
const run = (command, args, extra = {}) =>
  spawnSync(command, args, { stdio: 'inherit', env: { ...env, ...extra } }).status ?? 1

const chromium = () =>
  process.env.COORD_CHROMIUM ||
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
/** Programs that the tests run, by Debian's packages. */
const programs = {
  xvfb: () => has('Xvfb'),
  dbus: () => has('dbus-run-session'),
  chromium: () => chromium() !== undefined,
  'python3-pip': () => has('python3') && spawnSync('python3', ['-m', 'pip', '--version']).status === 0,
  jq: () => has('jq'),
  curl: () => has('curl'),
}
const missingPrograms = () =>
  Object.keys(programs).filter((name) => process.platform === 'linux' && !programs[name]())

function aptInstall(names) {
  say(`installing system parts: ${names.join(' ')}`)
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0
  return apt('update', '-qq') && apt('install', '-qqy', '--no-install-recommends', ...names)
}

// Before anything runs: a test that finds its part missing would fail, or show less than it says.
const parts = [...missingPrograms(), ...(await missingLibraries()).packages]
if (parts.length > 0 && isRoot && isDebian()) aptInstall(parts)
// By itself: apt installs nothing of a list in which it does not know one name.
if (isLong && deskPackages().length > 0 && isRoot && isDebian()) aptInstall(deskPackages())
if (run(process.execPath, [join(root, 'build/scripts/build.mjs')]) !== 0) process.exit(1)
mkdirSync('out', { recursive: true })

const total = { passed: 0, failed: 0, skipped: 0, flaky: 0 }
const leftOut = []
let isBroken = false

function countVitest(file) {
  const report = JSON.parse(readFileSync(file, 'utf8'))
  total.passed += report.numPassedTests
  total.failed +=
    report.numFailedTests +
    (report.testResults ?? []).filter((r) => r.status === 'failed' && r.assertionResults.length === 0).length
  total.skipped += (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0)
}
function countPlaywright(file) {
  const { stats, errors } = JSON.parse(readFileSync(file, 'utf8'))
  total.passed += stats.expected + stats.flaky
  total.flaky += stats.flaky
  total.failed += stats.unexpected + (stats.unexpected === 0 ? errors.length : 0)
  total.skipped += stats.skipped
}
function runner(name, file, status, count) {
  try {
    count(file)
  } catch (error) {
    say(`${name} left no report: ${error.message}`)
    isBroken = true
  }
  if (status !== 0) isBroken = true
}

/** Tests that run other people's programs, as a session's shell does. */
const WITH_PROGRAMS = ['api/protocol-document', 'core/outbox/outbox-writers', 'core/outbox/outbox-faults']
const lackedPrograms = missingPrograms().filter((name) => name === 'jq' || name === 'curl')
const excluded = lackedPrograms.length === 0 ? [] : WITH_PROGRAMS
if (excluded.length > 0)
  leftOut.push(
    `what other programs do to a queue and to the API (no ${lackedPrograms.join(', no ')}): sudo apt-get install -y ${lackedPrograms.join(' ')}`,
  )
rmSync('out/vitest.json', { force: true })
runner(
  'vitest',
  'out/vitest.json',
  run(bin('vitest'), [
    ...['run', '--reporter=default', '--reporter=json', '--outputFile.json=out/vitest.json'],
    ...excluded.flatMap((name) => ['--exclude', `electron/${name}.test.ts`]),
  ]),
  countVitest,
)

if (isLong) {
  if (installSchemathesis()) {
    if ((await runSchemathesis(100)) !== 0) {
      say("schemathesis found answers that are not as the API's document says")
      total.failed++
    } else total.passed++
  } else
    leftOut.push("the API's document against its answers: sudo apt-get install -y python3-venv python3-pip")
}

const specs = listDir('e2e').filter((name) => name.endsWith('.spec.ts'))
const isDesktop = (name) => name.startsWith('desktop')
let chosen = specs
const absent = new Set(missingPrograms())
const apt = (...names) => `sudo apt-get install -y ${names.join(' ')}`
/** Why there is no Electron to run the stories in, and what would bring it; null: there is one. */
async function desktopLacks(exe, why) {
  const needed = ['xvfb', 'dbus'].filter((name) => absent.has(name))
  if (needed.length > 0) return `no ${needed.join(', no ')}): ${apt(...needed)}`
  if (exe === null) return `${why}${absent.has('python3-pip') ? `): ${apt('python3-pip')}` : ')'}`
  const { sentences, packages } = await missingLibraries(exe)
  return sentences.length === 0
    ? null
    : `${sentences.join('; ')})${packages.length > 0 ? `: ${apt(...packages)}` : ''}`
}
const hasDesktop = specs.some(isDesktop)
const electron = hasDesktop
  ? await findElectron({ mayDownload: false })
  : { exe: null, why: 'not looked for' }
const lacks = hasDesktop ? await desktopLacks(electron.exe, electron.why) : null
if (lacks !== null) {
  electron.exe = null
  chosen = chosen.filter((name) => !isDesktop(name))
  leftOut.push(`the tray app in Electron (${lacks}`)
}
if (absent.has('chromium')) {
  chosen = chosen.filter(isDesktop)
  leftOut.push(`the window in a browser (no Chromium): ${apt('chromium')}`)
}

/**
 * Chromium refuses its sandbox to root, and nobody runs the app as root: where this is root, the stories run as another
 * user of a namespace of their own. There the processes have no capability, and are still the owner of root's files: a
 * second real user could enter neither a checkout below a folder of mode 0700 nor root's cache. The sandbox needs such
 * namespaces too, so that where none can be had (asked for twice: the sandbox nests one) it could not be on anyway.
 */
function asOrdinaryUser() {
  if (!isRoot) return { prefix: [], env: {}, remove: () => {} }
  const prefix = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--']
  const [program, ...args] = [...prefix, 'unshare', '--user', '--map-current-user', '--pid', '--fork', 'true']
  if (spawnSync(program, args).status !== 0) return null
  const dir = mkdtempSync(join(tmpdir(), 'coord-e2e-'))
  const own = (name) => mkdirSync(join(dir, name), { mode: 0o700 }) ?? join(dir, name)
  return {
    prefix,
    // XDG folders of root's are not this user's.
    env: {
      HOME: own('home'),
      TMPDIR: own('tmp'),
      XDG_RUNTIME_DIR: own('run'),
      USER: 'user',
      LOGNAME: 'user',
      XDG_CONFIG_HOME: '',
      XDG_CACHE_HOME: '',
      XDG_DATA_HOME: '',
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}

const notes = []
if (chosen.length > 0) {
  rmSync('out/playwright.json', { force: true })
  const display = electron.exe === null ? null : await startDisplay()
  const extra = { PLAYWRIGHT_JSON_OUTPUT_NAME: 'out/playwright.json', COORD_CHROMIUM: chromium() ?? '' }
  if (display)
    Object.assign(extra, { DISPLAY: display.name, WAYLAND_DISPLAY: '', COORD_ELECTRON: electron.exe })
  const command = [bin('playwright'), 'test', '--reporter=list,json', ...chosen.map((name) => `e2e/${name}`)]
  const user = asOrdinaryUser()
  if (user === null && display)
    notes.push(
      'not shown here: the app with its sandbox on (root, and no user namespace: it ran with --no-sandbox)',
    )
  const [program, ...args] = [
    ...(user?.prefix ?? []),
    ...(display ? ['dbus-run-session', `--config-file=${join(root, 'e2e/support/bus.conf')}`, '--'] : []),
    ...command,
  ]
  runner('Playwright', 'out/playwright.json', run(program, args, { ...extra, ...user?.env }), countPlaywright)
  display?.stop()
  user?.remove()
}

// Not every Debian has each desktop: one that cannot be had is told, and is no failure of CI.
if (isLong && electron.exe !== null) notes.push(...desksLeftOut().map((what) => `left out: ${what}`))
if (isLong) {
  const bare = run(process.execPath, [join(root, 'build/scripts/bare.mjs')])
  if (bare === CANNOT_BE_SHOWN) notes.push('not shown here: the two commands on a bare machine (above)')
  else if (bare === 0) total.passed += 1
  else total.failed += 1
}

console.log('')
if (total.flaky > 0) console.log(`passed only when tried again: ${total.flaky}`)
for (const what of leftOut) console.log(`left out: ${what}`)
for (const note of notes) console.log(note)
const isRed = isBroken || total.failed > 0 || (isCi && leftOut.length > 0)
// Counts alone do not say that a runner died, or that CI left something out.
if (isRed && total.failed === 0) total.failed = 1
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(isRed ? 1 : 0)
