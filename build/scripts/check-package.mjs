#!/usr/bin/env node
// Looks at what `npm run package` made: which files, how large, which fuses, lintian, `coord`; and on Linux starts it, on a
// display and a session bus of its own, as an ordinary user with the sandbox on, until its tray item is there and "Quit" has
// ended it. `--update` writes the lists of files anew.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startDisplay } from './lib/display.mjs'
import { root } from './lib/freshness.mjs'
import { npmTool } from './lib/npm-tool.mjs'
import { electronEnv, isRoot } from './lib/runtime.mjs'
import { appFiles, besideRuntime, differences, packageFiles, updateGolden } from './package/listing.mjs'

const { values } = parseArgs({
  options: {
    'stand-in': { type: 'boolean', default: false },
    e2e: { type: 'boolean', default: false },
    start: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
  },
})
const folder = { linux: 'linux-unpacked', win32: 'win-unpacked' }[process.platform]
const app = folder === undefined ? '' : join(root, 'out/package', folder)
const exe = join(app, process.platform === 'win32' ? 'coord-tray.exe' : 'coord-tray')
const say = (text) => process.stdout.write(`${text}\n`)
let failed = 0
const check = (what, problems) => {
  failed += problems.length > 0 ? 1 : 0
  say(`${problems.length > 0 ? 'NOT ok' : 'ok    '} ${what}`)
  for (const problem of problems) say(`         ${problem}`)
}

const MAX_ASAR_BYTES = 6 * 1024 * 1024
const MAX_INSTALLED_MIB = 330
const SECRETS =
  /BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{20,}|\bnpm_\w{30,}|\bAKIA[0-9A-Z]{16}\b|\bsk-[\w-]{20,}/
const out = join(root, 'out/package')

/** A list against the golden one, which `--update` writes anew. */
function compare(section, files, what) {
  if (values.update) updateGolden(section, files)
  check(`${what}: ${files.length} names, as build/packaging/files.txt has them`, differences(section, files))
}

/** The folder that the runtime came from. */
function runtimeFolder() {
  if (!values['stand-in']) return join(root, 'node_modules/electron/dist')
  const script = join(root, 'build/runtime/get.mjs')
  return spawnSync(process.execPath, [script], { encoding: 'utf8' }).stdout.trim()
}

function checkFiles() {
  const trial = ['resources/app.asar/dist/stand-in.cjs', 'resources/app.asar/dist/compat.cjs']
  const files = appFiles(app).filter((name) => !trial.includes(name))
  compare('app', files, 'our files in the app')
  compare('beside the runtime', besideRuntime(app, runtimeFolder()).sort(), 'our files beside the runtime')
  const asar = join(app, 'resources/app.asar')
  const { size } = statSync(asar)
  check(`app.asar: ${(size / 1024 / 1024).toFixed(2)} MiB`, size > MAX_ASAR_BYTES ? ['too large'] : [])
  const texts = readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(asar|cjs|json|txt)$|^coord$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  const bytes = texts.map((file) => readFileSync(file, 'latin1')).join('\n')
  const secret = SECRETS.exec(bytes)?.[0]
  const home = bytes.includes(root) ? [`the path ${root} of the machine that packed it`] : []
  check('no secret and no path of this machine in it', [
    ...(secret ? [`${secret.slice(0, 8)}…`] : []),
    ...home,
  ])
  const total = readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
  const mib = Math.round(total / 1024 / 1024)
  check(`installed: ${mib} MiB`, mib > MAX_INSTALLED_MIB ? ['too large'] : [])
  const legal = ['LICENSE.electron.txt', 'LICENSES.chromium.html', 'chrome-sandbox']
  check(
    'the licences of the runtime and its sandbox helper are there',
    legal.filter((name) => !existsSync(join(app, name))),
  )
}

/** What is packed for people and for machines says the same. */
function checkLegal() {
  const { components } = JSON.parse(readFileSync(join(app, 'sbom.cdx.json'), 'utf8'))
  const notices = readFileSync(join(app, 'THIRD-PARTY-NOTICES.txt'), 'utf8')
  check(
    `SBOM: ${components.length} components, each with its licence in the notices`,
    components
      .filter(({ name, version }) => name !== 'electron' && !notices.includes(`${name} ${version} (`))
      .map(({ name }) => name),
  )
}

const PACKAGES = { deb: /\.deb$/, rpm: /\.rpm$/, 'tar.gz': /\.tar\.gz$/, AppImage: /\.AppImage$/ }
const isThere = (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0

function checkPackages() {
  for (const [kind, pattern] of Object.entries(PACKAGES)) {
    const name = readdirSync(out).find((one) => pattern.test(one))
    if (name !== undefined) compare(kind, packageFiles(kind, join(out, name)), kind)
  }
  if (!existsSync(join(out, 'SHA256SUMS'))) return
  const sums = spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: out, encoding: 'utf8' })
  check('sha256 sums', sums.status === 0 ? [] : [sums.stdout.trim()])
  const entry = join(root, 'build/packaging/linux/local.coord-tray.desktop')
  if (isThere('desktop-file-validate')) {
    const said = spawnSync('desktop-file-validate', [entry], { encoding: 'utf8' })
    check('desktop-file-validate', said.status === 0 ? [] : [said.stdout.trim()])
  } else say('left out: desktop-file-validate (desktop-file-utils)')
  checkDebian()
}

/** By Debian's own judge. Warnings are told; errors fail. */
function checkDebian() {
  const deb = readdirSync(out).find((name) => name.endsWith('.deb'))
  if (deb === undefined) return
  if (!isThere('lintian')) return say('left out: lintian (sudo apt-get install -y lintian)')
  const { stdout } = spawnSync('lintian', ['--allow-root', '--tag-display-limit', '0', join(out, deb)], {
    encoding: 'utf8',
  })
  const lines = stdout.trim().split('\n').filter(Boolean)
  for (const line of lines) say(`       ${line}`)
  check(
    'lintian: no errors',
    lines.filter((line) => line.startsWith('E:')),
  )
}

/** The packaged `coord`, with the runtime that it has; the stand-in is Node 16, which it must say. */
function checkCoord() {
  const home = mkdtempSync(join(tmpdir(), 'coord-package-'))
  const coord = (env) =>
    spawnSync(join(app, 'coord'), ['status', '--json'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: home, COORD_HOME: home, COORD_PORT: '9', ...env },
    })
  const isStatus = ({ status, stdout, stderr }) => {
    try {
      return status === 0 && 'connection' in JSON.parse(stdout) ? [] : [stderr]
    } catch {
      return [`exit ${status}: ${stdout}${stderr}`]
    }
  }
  check('`coord status` by the Node of COORD_NODE', isStatus(coord({ COORD_NODE: process.execPath })))
  const own = coord({})
  if (!values['stand-in']) check('`coord status` by its own runtime', isStatus(own))
  else {
    say('       not shown: `coord` by its own runtime (the stand-in’s Node is 16)')
    const isSaid =
      own.status === 1 && /^Coord Tray needs Node .*: set COORD_NODE to a newer one\.\n$/.test(own.stderr)
    check('a runtime that is too old for `coord` is said in one sentence', isSaid ? [] : [own.stderr])
  }
  rmSync(home, { recursive: true, force: true })
}

const FUSES = {
  RunAsNode: 'Enabled', // `coord` and the API's process (SECURITY.md)
  EnableCookieEncryption: 'Disabled',
  EnableNodeOptionsEnvironmentVariable: 'Disabled',
  EnableNodeCliInspectArguments: values.e2e ? 'Enabled' : 'Disabled',
  EnableEmbeddedAsarIntegrityValidation: 'Enabled',
  OnlyLoadAppFromAsar: 'Enabled',
  LoadBrowserProcessSpecificV8Snapshot: 'Disabled',
  // The stand-in's Electron 22 has no such fuse.
  ...(values['stand-in'] ? {} : { GrantFileProtocolExtraPrivileges: 'Disabled' }),
}
function checkFuses() {
  const tool = join(npmTool('@electron/fuses', '2.1.3'), 'dist/bin.js')
  const { stdout, stderr } = spawnSync(process.execPath, [tool, 'read', '--app', exe], {
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
  })
  say(stdout.trim())
  const read = Object.fromEntries(
    [...stdout.matchAll(/(\w+) is (Enabled|Disabled)/g)].map((m) => [m[1], m[2]]),
  )
  const wrong = Object.entries(FUSES).filter(([name, state]) => read[name] !== state)
  check('fuses, as @electron/fuses reads them', [
    ...wrong.map(([name, state]) => `${name} is ${read[name] ?? 'not there'}, not ${state}`),
    ...(Object.keys(read).length === 0 ? [stderr.trim()] : []),
  ])
}

/** On this process's own bus and display. */
async function start() {
  const { DesktopDouble, until } = await import('../../e2e/support/desktop.ts')
  const home = mkdtempSync(join(tmpdir(), 'coord-package-'))
  const desktop = await DesktopDouble.start()
  let child
  try {
    const at = performance.now()
    // As from a menu, and away from everything of this person's: nothing is watched, nobody is contacted.
    const { COORD_NODE, ...env } = electronEnv({
      COORD_HOME: home,
      COORD_PORT: '0',
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
    })
    // Electron 22 run as Node is too old for the API; the pinned one has to do it itself.
    if (values['stand-in']) env.COORD_NODE = COORD_NODE
    child = spawn(exe, process.getuid() === 0 ? ['--no-sandbox'] : [], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes))
    const ended = new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal)))
    const first = await Promise.race([desktop.registered(child.pid), ended])
    if (typeof first !== 'object') throw new Error(`it ended with ${first} before it registered\n${output}`)
    say(`       tray item ${first.service} after ${Math.round(performance.now() - at)} ms`)
    // Online: the API's process came out of the package too, by COORD_NODE or as this executable run as Node.
    const online = await until('the tray to say "Online"', async () => {
      const tip = await desktop.tooltip()
      return tip.includes('Online') ? tip : undefined
    })
    say(`       tooltip: ${online}`)
    say(`       menu: ${(await desktop.labels()).join(' | ')}`)
    const lines = readdirSync('/proc').flatMap((pid) => {
      try {
        const line = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
        return line.includes(exe) ? [line.replaceAll('\0', ' ')] : []
      } catch {
        return []
      }
    })
    const open = lines.filter((line) => line.includes('--no-sandbox'))
    check('it runs with its sandbox on', open.length > 0 ? open.map((line) => line.slice(0, 160)) : [])
    await desktop.click('Quit…')
    const code = await Promise.race([
      ended,
      new Promise((done) => setTimeout(() => done('still running'), 10_000)),
    ])
    check(
      'it starts, registers its tray item and quits by its menu',
      code === 0 ? [] : [`ended with ${code}`],
    )
  } catch (cause) {
    check('it starts, registers its tray item and quits by its menu', [cause.message])
  } finally {
    child?.kill('SIGKILL')
    desktop.stop()
    rmSync(home, { recursive: true, force: true })
  }
}

if (!existsSync(exe)) {
  say(`${exe} is not there: npm run package -- --dir`)
  process.exit(1)
}
if (values.start) {
  await start()
  process.exit(failed > 0 ? 1 : 0)
}
checkFiles()
checkLegal()
checkFuses()
if (process.platform === 'linux') {
  checkPackages()
  checkCoord()
}
if (process.platform === 'linux') {
  const display = await startDisplay()
  // Nobody runs it as root, to whom Chromium refuses its sandbox: another user of a namespace of its own, where one can be had.
  const user = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--']
  const canBeUser =
    spawnSync(user[0], [...user.slice(1), 'unshare', '--user', '--map-current-user', 'true']).status === 0
  const [program, ...args] = [
    ...(isRoot && canBeUser ? user : []),
    ...[
      'dbus-run-session',
      '--',
      process.execPath,
      import.meta.filename,
      '--start',
      ...process.argv.slice(2),
    ],
  ]
  const { status } = spawnSync(program, args, {
    stdio: ['ignore', 'inherit', 2],
    env: { ...process.env, DISPLAY: display.name },
    timeout: 90_000,
  })
  display.stop()
  failed += status === 0 ? 0 : 1
}
process.exitCode = failed > 0 ? 1 : 0
