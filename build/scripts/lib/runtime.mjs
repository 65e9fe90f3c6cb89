// Finds the Electron that this machine can run, and what it lacks.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './freshness.mjs'

const PROBE_MS = 4000
const FAILURE_LASTS_MS = 6 * 3_600_000
const executable =
  { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[process.platform] ?? 'electron'
const noteFile = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'coord-electron',
  'no-download',
)
const bootId = () => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
const pinned = () =>
  JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8')).version

function failedLately(version) {
  try {
    const note = JSON.parse(readFileSync(noteFile, 'utf8'))
    return note.version === version && note.boot === bootId() && Date.now() - note.at < FAILURE_LASTS_MS
  } catch {
    return false
  }
}

/** Whether the place that Electron's own package downloads from answers at all, within seconds. */
async function isReachable(version) {
  if (process.env.ELECTRON_GET_USE_PROXY) return true // only its own downloader knows the way
  const mirror =
    process.env.ELECTRON_MIRROR ||
    process.env.npm_config_electron_mirror ||
    'https://github.com/electron/electron/releases/download/'
  try {
    const answer = await fetch(
      `${mirror}v${version}/electron-v${version}-${process.platform}-${process.arch}.zip`,
      {
        method: 'HEAD',
        signal: AbortSignal.timeout(PROBE_MS),
      },
    )
    return answer.ok
  } catch {
    return false
  }
}

async function pinnedElectron(mayDownload) {
  if (!existsSync(join(root, 'node_modules/electron'))) return null
  const exe = join(root, 'node_modules/electron/dist', executable)
  if (existsSync(exe)) return exe
  const version = pinned()
  if (!mayDownload || failedLately(version)) return null
  if (await isReachable(version)) {
    process.stderr.write(`downloading Electron ${version} …\n`)
    const installer = createRequire(join(root, 'package.json')).resolve('electron/install.js')
    const done = spawnSync(process.execPath, [installer], { stdio: ['ignore', 2, 2], timeout: 600_000 })
    if (done.status === 0 && existsSync(exe)) return exe
  }
  try {
    mkdirSync(dirname(noteFile), { recursive: true })
    writeFileSync(noteFile, JSON.stringify({ version, boot: bootId(), at: Date.now() }))
  } catch {
    /* asked again next time */
  }
  return null
}

/** `{ exe, why }`, or `{ exe: null, why }`. `retry` forgets that a download failed. */
export async function findElectron({ retry = false, mayDownload = true } = {}) {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (override) {
    const exe = join(override, executable)
    if (existsSync(exe)) return { exe, why: 'Electron from ELECTRON_OVERRIDE_DIST_PATH' }
    process.stderr.write(`ELECTRON_OVERRIDE_DIST_PATH has no ${executable}: ${override}\n`)
  }
  if (retry) rmSync(noteFile, { force: true })
  const own = await pinnedElectron(mayDownload)
  if (own) return { exe: own, why: `Electron ${pinned()}` }
  if (process.platform === 'linux' && process.arch === 'x64')
    try {
      const dir = execFileSync(process.execPath, [join(root, 'build/runtime/get.mjs')], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 300_000,
      }).trim()
      return {
        exe: join(dir, executable),
        why: `Electron ${readFileSync(join(dir, 'version'), 'utf8').replace('v', '')} from the package index, for tests and previews (the pinned ${pinned()} could not be downloaded)`,
      }
    } catch {
      /* said by the script */
    }
  return { exe: null, why: 'no Electron can be had here' }
}

/** Whether a display answers to the environment's name for it. */
export function hasDisplay() {
  if (process.platform !== 'linux') return true
  if (process.env.WAYLAND_DISPLAY) return true
  const number = /^(?:unix)?:(\d+)/.exec(process.env.DISPLAY ?? '')?.[1]
  return number === undefined ? Boolean(process.env.DISPLAY) : hasSocket(number)
}
const hasSocket = (number) => {
  if (existsSync(`/tmp/.X11-unix/X${number}`)) return true
  try {
    return readFileSync('/proc/net/unix', 'utf8').includes(`/tmp/.X11-unix/X${number}`)
  } catch {
    return false
  }
}

/** Debian's packages for what Electron links to (t64 names where this Debian has them). */
const PACKAGES =
  'libnss3 libnspr4 libatk1.0-0 libatk-bridge2.0-0 libatspi2.0-0 libcups2 libdrm2 libxkbcommon0 libxcomposite1 libxdamage1 libxfixes3 libxrandr2 libgbm1 libpango-1.0-0 libcairo2 libasound2 libgtk-3-0 libglib2.0-0 libdbus-1-3 libexpat1 libx11-6 libx11-xcb1 libxcb1 libxext6 libnotify4'.split(
    ' ',
  )
const isThirteen = () => {
  try {
    const release = readFileSync('/etc/os-release', 'utf8')
    const version = Number(/^VERSION_ID="?(\d+)/m.exec(release)?.[1] ?? 12)
    return /^ID="?ubuntu/m.test(release) ? version >= 24 : version >= 13
  } catch {
    return false
  }
}
const T64 = new Set([
  'libatk1.0-0',
  'libatk-bridge2.0-0',
  'libatspi2.0-0',
  'libcups2',
  'libasound2',
  'libgtk-3-0',
  'libglib2.0-0',
])
export const electronPackages = () =>
  PACKAGES.map((name) => (isThirteen() && T64.has(name) ? `${name}t64` : name))

/** Names of shared libraries that are not on this machine. */
export function missingLibraries(exe) {
  if (process.platform !== 'linux') return []
  const { stdout } = spawnSync('ldd', [exe], { encoding: 'utf8' })
  return [...(stdout ?? '').matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1])
}

export const isRoot = process.platform === 'linux' && process.getuid() === 0

/** The environment for Electron: never as plain Node, and with a Node that has `node:sqlite` for the API's process. */
export function electronEnv(extra = {}) {
  const env = { ...process.env, COORD_NODE: process.env.COORD_NODE || process.execPath, ...extra }
  delete env.ELECTRON_RUN_AS_NODE
  return env
}

/** Is a program on the path? */
export const has = (name) => (process.env.PATH ?? '').split(':').some((dir) => existsSync(join(dir, name)))
export const isDebian = () =>
  process.platform === 'linux' && existsSync('/etc/debian_version') && has('apt-get')
export const listDir = (dir) => (existsSync(dir) ? readdirSync(dir) : [])
