// Whole-program stories (e2e/): Playwright, in Chromium, and in Electron under Xvfb and a session bus of their own.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDisplay } from '../lib/display.mjs'
import { desksLeftOut } from '../lib/desks.mjs'
import { root } from '../lib/freshness.mjs'
import { findElectron, isRoot, listDir, missingLibraries } from '../lib/runtime.mjs'
import { aptCommand, chromium, missingPrograms } from './find-parts.mjs'
import { bin, failures, isLong, leftOut, leftToLong, notes, runAndCount, total } from './report.mjs'

const REPORT = 'out/playwright.json'
const isDesktop = (name) => name.startsWith('desktop')

/** Specs lie in suites in suites. */
const specsOf = (suite) => [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specsOf)]

function count({ stats, errors, suites }) {
  for (const spec of suites.flatMap(specsOf))
    if (!spec.ok) failures.push(`e2e/${spec.file}:${spec.line} › ${spec.title}`)
  total.passed += stats.expected + stats.flaky
  total.flaky += stats.flaky
  total.failed += stats.unexpected + (stats.unexpected === 0 ? errors.length : 0)
  total.skipped += stats.skipped
}

/** Why there is no Electron to run the stories in, and what would bring it; null: there is one. */
async function desktopLacks({ exe, why }, absent) {
  const needed = absent.filter((name) => name === 'xvfb' || name === 'dbus')
  if (needed.length > 0) return `no ${needed.join(', no ')}): ${aptCommand(...needed)}`
  if (exe === null) return `${why}${absent.includes('python3-pip') ? `): ${aptCommand('python3-pip')}` : ')'}`
  const { sentences, packages } = await missingLibraries(exe)
  return sentences.length === 0
    ? null
    : `${sentences.join('; ')})${packages.length > 0 ? `: ${aptCommand(...packages)}` : ''}`
}
/** The stories that can be told here, and the Electron for them (null: none); the others are left out, with the reason. */
async function chooseStories() {
  const absent = missingPrograms()
  const specs = listDir('e2e').filter((name) => name.endsWith('.spec.ts'))
  const hasDesktop = specs.some(isDesktop)
  const electron = hasDesktop
    ? await findElectron({ mayDownload: false })
    : { exe: null, why: 'not looked for' }
  const lacks = hasDesktop ? await desktopLacks(electron, absent) : null
  const hasChromium = !absent.includes('chromium')
  if (lacks !== null) leftOut.push(`the tray app in Electron (${lacks}`)
  if (!hasChromium) leftOut.push(`the window in a browser (no Chromium): ${aptCommand('chromium')}`)
  return {
    chosen: specs.filter((name) => (isDesktop(name) ? lacks === null : hasChromium)),
    exe: lacks === null ? electron.exe : null,
  }
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
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  }
}

/** How many stories of those the default run leaves to the long form: they are listed, not run. */
function countLong(chosen) {
  const args = [
    'test',
    '--list',
    '--grep',
    '@long',
    '--reporter=json',
    ...chosen.map((name) => `e2e/${name}`),
  ]
  const env = { ...process.env, COORD_LONG: '1', PLAYWRIGHT_JSON_OUTPUT_NAME: '' }
  const { stdout } = spawnSync(bin('playwright'), args, { encoding: 'utf8', env })
  return JSON.parse(stdout).suites.flatMap(specsOf).length
}

export async function runStories() {
  const { chosen, exe } = await chooseStories()
  if (chosen.length > 0) {
    if (!isLong) leftToLong.stories = countLong(chosen)
    const display = exe === null ? null : await startDisplay()
    const extra = { PLAYWRIGHT_JSON_OUTPUT_NAME: REPORT, COORD_CHROMIUM: chromium() ?? '' }
    if (display) Object.assign(extra, { DISPLAY: display.name, WAYLAND_DISPLAY: '', COORD_ELECTRON: exe })
    const user = asOrdinaryUser()
    if (user === null && display)
      notes.push(
        'not shown here: the app with its sandbox on (root, and no user namespace: it ran with --no-sandbox)',
      )
    const [program, ...args] = [
      ...(user?.prefix ?? []),
      ...(display ? ['dbus-run-session', `--config-file=${join(root, 'e2e/support/bus.conf')}`, '--'] : []),
      ...[bin('playwright'), 'test', '--reporter=list,json', ...chosen.map((name) => `e2e/${name}`)],
    ]
    runAndCount('Playwright', REPORT, count, program, args, { ...extra, ...user?.env })
    display?.stop()
    user?.remove()
  }
  // Not every Debian has each desktop: one that cannot be had is told, and is no failure of CI.
  if (isLong && exe !== null) notes.push(...desksLeftOut().map((what) => `left out: ${what}`))
}
