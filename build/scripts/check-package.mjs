#!/usr/bin/env node
// Looks at what `npm run package` made: which files, how large, which fuses; and on Linux starts it, on a display and a
// session bus of its own, as an ordinary user with the sandbox on, until its tray item is there and "Quit" has ended it.
import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startDisplay } from './lib/display.mjs'
import { root } from './lib/freshness.mjs'
import { npmTool } from './lib/npm-tool.mjs'
import { electronEnv, isRoot } from './lib/runtime.mjs'

const { values } = parseArgs({
  options: {
    'stand-in': { type: 'boolean', default: false },
    e2e: { type: 'boolean', default: false },
    start: { type: 'boolean', default: false },
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

/** `[path, size]` of each file of an asar: four numbers, then a JSON header. */
function filesOfAsar(file) {
  const fd = openSync(file, 'r')
  const head = Buffer.alloc(16)
  readSync(fd, head, 0, 16, 0)
  const json = Buffer.alloc(head.readUInt32LE(12))
  readSync(fd, json, 0, json.length, 16)
  closeSync(fd)
  const walk = (entry, path) =>
    entry.files === undefined
      ? [[path, entry.size]]
      : Object.entries(entry.files).flatMap(([name, child]) => walk(child, path ? `${path}/${name}` : name))
  return walk(JSON.parse(json.toString()), '')
}

const EXPECTED = [
  /^package\.json$/,
  /^dist\/main\/(main|preload)\.cjs$/,
  /^dist\/cli\/[\w.-]+\.cjs$/,
  /^dist\/window\/(index\.html|assets\/[\w.-]+\.(js|css|svg|png|woff2))$/,
  /^dist\/icons\/(\w+-(dark|light)(-\d+\.png|\.ico)|\w+Template(@2x)?\.png|app-\d+\.png)$/,
  ...(values['stand-in'] ? [/^dist\/(stand-in|compat)\.cjs$/] : []),
]
const MAX_ASAR_BYTES = 6 * 1024 * 1024
const MAX_INSTALLED_MIB = 330
const SECRETS =
  /BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{20,}|\bnpm_\w{30,}|\bAKIA[0-9A-Z]{16}\b|\bsk-[\w-]{20,}/

function checkFiles() {
  const asar = join(app, 'resources/app.asar')
  const files = filesOfAsar(asar)
  const strange = files.filter(([path]) => !EXPECTED.some((pattern) => pattern.test(path)))
  check(
    `${files.length} files in app.asar, each of a kind that belongs there`,
    strange.map(([path]) => path),
  )
  const names = new Set(files.map(([path]) => path))
  const needed = [
    ...['dist/main/main.cjs', 'dist/main/preload.cjs', 'dist/cli/cli.cjs', 'dist/window/index.html'],
    ...['idle', 'waiting', 'unread', 'offline', 'attention'].flatMap((state) => [
      `dist/icons/${state}-dark-22.png`,
      `dist/icons/${state}-light-44.png`,
      `dist/icons/${state}-dark.ico`,
      `dist/icons/${state}Template@2x.png`,
    ]),
  ]
  check(
    'nothing that it needs is missing',
    needed.filter((name) => !names.has(name)),
  )
  const { size } = statSync(asar)
  check(`app.asar: ${(size / 1024 / 1024).toFixed(2)} MiB`, size > MAX_ASAR_BYTES ? ['too large'] : [])
  const unpacked = `${asar}.unpacked/dist/cli`
  const beside = readdirSync(unpacked).map((name) => join(unpacked, name))
  const bytes = [asar, ...beside].map((file) => readFileSync(file, 'latin1')).join('\n')
  const secret = SECRETS.exec(bytes)?.[0]
  const home = bytes.includes(root) ? [`the path ${root} of the machine that packed it`] : []
  check('no secret and no path of this machine in it', [
    ...(secret ? [`${secret.slice(0, 8)}…`] : []),
    ...home,
  ])
  const known = ['app.asar', 'app.asar.unpacked', 'apparmor-profile'] // the last: of the Debian package
  const strangers = readdirSync(join(app, 'resources')).filter((name) => !known.includes(name))
  const inUnpacked = readdirSync(`${asar}.unpacked`, { recursive: true }).filter(
    (name) => !/^dist(\/cli(\/[\w.-]+\.cjs)?)?$/.test(name.replaceAll('\\', '/')),
  )
  check('beside it only the command line, for a plain Node', [...strangers, ...inUnpacked])
  const total = readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
  const mib = Math.round(total / 1024 / 1024)
  check(`installed: ${mib} MiB`, mib > MAX_INSTALLED_MIB ? ['too large'] : [])
  const legal = ['LICENSE.electron.txt', 'LICENSES.chromium.html', 'chrome-sandbox', 'coord']
  check(
    'licences, sandbox helper and `coord` are there',
    legal.filter((name) => !existsSync(join(app, name))),
  )
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
checkFuses()
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
