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

/** Whether a display answers to the environment's name for it. Loaded late: an older Node could not read the file. */
export async function hasDisplay() {
  const display = await import('../../../electron/adapters/has-display.ts')
  return display.hasDisplay()
}

/**
 * What Electron would miss on this machine: `{ sentences, packages }`, packages by Debian's names and empty elsewhere.
 * Without an executable the known list alone is asked. Loaded late: an older Node could not read the file.
 */
export async function missingLibraries(exe = process.execPath) {
  const { findMissingLibraries, readDistribution } =
    await import('../../../electron/adapters/system-libraries.ts')
  const { missingSentences, packagesOf } = await import('../../../shared/system-libraries.ts')
  const missing = (await findMissingLibraries(exe)) ?? { known: [], unknown: [] }
  const distribution = readDistribution()
  return {
    sentences: missingSentences(missing, distribution),
    packages: distribution.isDebianLike ? packagesOf(missing.known, distribution) : [],
    /** Whether Electron starts in spite of it. */
    canStart: missing.unknown.length === 0 && missing.known.every(({ neededFor }) => neededFor !== 'start'),
  }
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
