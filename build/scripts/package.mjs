#!/usr/bin/env node
// Packs the app for this system into out/package: `npm run package -- [TARGET…] [--dir] [--stand-in] [--e2e] [--check]`.
//   TARGET      of electron-builder (deb, tar.gz, AppImage …); without one: those of build/electron-builder.mjs
//   --dir       only the unpacked folder, no installer (seconds instead of a minute)
//   --stand-in  with the older Electron of the package index: a trial of the packing, never a release
//   --e2e       with the inspector's fuse on, for Playwright
//   --check     looks at what came out: files, size, fuses, and starts it on a bus of its own (Linux)
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { root } from './lib/freshness.mjs'
import { ensureNode } from './lib/need-node.cjs'
import { findElectron, has } from './lib/runtime.mjs'

ensureNode()
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'boolean', default: false },
    'stand-in': { type: 'boolean', default: false },
    e2e: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
})
const say = (text) => process.stderr.write(`${text}\n`)
const fail = (text) => {
  say(text)
  process.exit(1)
}
const out = join(root, 'out/package')
const system = { darwin: 'mac', win32: 'win' }[process.platform] ?? 'linux'
const stage = join(out, 'stage/app')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The pinned Electron, unpacked by its own package; or the stand-in, if asked for. */
async function runtime() {
  if (values['stand-in']) {
    const got = spawnSync(process.execPath, [join(root, 'build/runtime/get.mjs')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const dir = (got.stdout ?? '').trim()
    if (got.status !== 0) fail('The stand-in could not be had (above).')
    return { dir, version: readFileSync(join(dir, 'version'), 'utf8').trim().replace('v', '') }
  }
  const { exe } = await findElectron({ retry: true })
  const dist = join(root, 'node_modules/electron/dist')
  if (!exe?.startsWith(dist))
    fail(
      `Electron ${manifest.devDependencies.electron} could not be downloaded. With --stand-in the packing is tried with an older one.`,
    )
  return { dir: dist, version: manifest.devDependencies.electron }
}

/** Exactly what is packed: bundles built for this, icons, and a manifest without scripts and dependencies. */
async function fillStage(isStandIn) {
  rmSync(out, { recursive: true, force: true })
  for (const part of ['main', 'preload', 'cli', 'window'])
    await build({
      configFile: join(root, `build/vite/${part}.config.ts`),
      logLevel: 'error',
      build: { outDir: join(stage, 'dist', part === 'preload' ? 'main' : part), emptyOutDir: false },
    })
  cpSync(join(root, 'build/icons/drawn'), join(stage, 'dist/icons'), {
    recursive: true,
    filter: (file) => !/app-(128|256|512)\.png$|app\.ic(o|ns)$/.test(file),
  })
  const kept = [
    'name',
    'productName',
    'version',
    'description',
    'license',
    'author',
    'homepage',
    'desktopName',
  ]
  writeFileSync(
    join(stage, 'package.json'),
    JSON.stringify({
      ...Object.fromEntries(kept.map((key) => [key, manifest[key]])),
      main: isStandIn ? 'dist/stand-in.cjs' : manifest.main,
    }),
  )
  if (isStandIn) {
    cpSync(join(root, 'build/packaging/stand-in.cjs'), join(stage, 'dist/stand-in.cjs'))
    cpSync(join(root, 'build/runtime/compat.cjs'), join(stage, 'dist/compat.cjs'))
  }
  const icons = join(out, 'stage/icons')
  mkdirSync(icons, { recursive: true })
  for (const name of readdirSync(join(root, 'build/icons/drawn'))) {
    const size = /^app-(\d+)\.png$/.exec(name)?.[1]
    if (size) cpSync(join(root, 'build/icons/drawn', name), join(icons, `${size}x${size}.png`))
  }
}

const { dir, version } = await runtime()
await fillStage(values['stand-in'])
say(`packing with Electron ${version}${values['stand-in'] ? ': A TRIAL, NOT FOR RELEASE' : ''}`)
const env = {
  ...process.env,
  COORD_PACK_STAGE: stage,
  COORD_PACK_OUT: out,
  COORD_PACK_ELECTRON: dir,
  COORD_PACK_VERSION: version,
  COORD_PACK_E2E: values.e2e ? '1' : '',
}
// Else electron-builder fetches a 7-Zip of its own.
const sevenZip = ['/usr/bin/7za', '/usr/bin/7z'].find((path) => existsSync(path))
if (sevenZip && has('7za')) env.ELECTRON_BUILDER_7ZIP_PATH ??= sevenZip
const packed = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/electron-builder/cli.js'),
    ...(values.dir ? ['--dir'] : []),
    ...(positionals.length > 0 ? [`--${system}`, ...positionals] : []),
    ...['--config', join(root, 'build/electron-builder.mjs'), '--publish', 'never'],
  ],
  { cwd: root, env, stdio: ['ignore', 2, 2] },
)
if (packed.status !== 0) fail('The packing failed (above).')
rmSync(join(out, 'stage'), { recursive: true })
say(`packed into ${out}: ${readdirSync(out).join(', ')}`)
if (values.check) {
  const flags = [...(values['stand-in'] ? ['--stand-in'] : []), ...(values.e2e ? ['--e2e'] : [])]
  const check = join(root, 'build/scripts/check-package.mjs')
  process.exitCode = spawnSync(process.execPath, [check, ...flags], { stdio: 'inherit' }).status ?? 1
}
