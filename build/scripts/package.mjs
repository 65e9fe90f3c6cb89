#!/usr/bin/env node
// Packs the app for this system into out/package: `npm run package -- [TARGET…] [--dir] [--stand-in] [--e2e] [--check]`.
//   TARGET      Linux: deb, rpm, tar.gz, AppImage; without one all of them (rpm where rpmbuild is here). Elsewhere:
//               electron-builder's; without one those of build/electron-builder.mjs
//   --dir       only the unpacked folder, no installer (seconds instead of minutes)
//   --stand-in  with the older Electron of the package index: a trial of the packing, never a release
//   --e2e       with the inspector's fuse on, for Playwright
//   --check     looks at what came out: files, size, fuses, the packages, and starts it on a bus of its own (Linux)
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './lib/freshness.mjs'
import { ensureNode } from './lib/need-node.cjs'
import { findElectron, has } from './lib/runtime.mjs'
import { fillStage } from './package/stage.mjs'
import { writeSums } from './package/sums.mjs'

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
const isStandIn = values['stand-in']
const isLinux = process.platform === 'linux'
const out = join(root, 'out/package')
const stage = join(out, 'stage')
const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.electron

/** What a script prints: the folder or the file that it has put there. */
function pathFrom(script) {
  const got = spawnSync(process.execPath, [join(root, 'build/runtime', script)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return got.status === 0 ? got.stdout.trim() : null
}

/** The pinned Electron, unpacked by its own package; or the stand-in, if asked for. */
async function runtime() {
  if (isStandIn) {
    const dir = pathFrom('get.mjs') ?? fail('The stand-in could not be had (above).')
    return { dir, version: readFileSync(join(dir, 'version'), 'utf8').trim().replace('v', '') }
  }
  const { exe } = await findElectron({ retry: true })
  const dist = join(root, 'node_modules/electron/dist')
  if (!exe?.startsWith(dist))
    fail(
      `Electron ${wanted} could not be downloaded. With --stand-in the packing is tried with an older one.`,
    )
  return { dir: dist, version: wanted }
}

/** Each package of Linux: what it needs of this machine, by Debian's packages, and who makes it. */
const LINUX = {
  deb: { tool: 'dpkg-deb', from: 'dpkg', make: async () => (await import('./package/deb.mjs')).makeDeb },
  'tar.gz': { tool: 'tar', from: 'tar', make: async () => (await import('./package/tar.mjs')).makeTar },
  AppImage: {
    tool: 'mksquashfs',
    from: 'squashfs-tools',
    make: async () => (await import('./package/appimage.mjs')).makeAppImage,
  },
  rpm: { tool: 'rpmbuild', from: 'rpm', make: async () => (await import('./package/rpm.mjs')).makeRpm },
}

/** The packages that were asked for; of those that nobody named, the ones that can be made here. */
function chooseTargets() {
  if (values.dir || !isLinux) return []
  const unknown = positionals.filter((name) => !Object.hasOwn(LINUX, name))
  if (unknown.length > 0)
    fail(`There is no package ${unknown.join(', ')}; there are ${Object.keys(LINUX).join(', ')}.`)
  const lacking = (name) => !has(LINUX[name].tool)
  for (const name of positionals.filter(lacking))
    fail(`${name} needs ${LINUX[name].tool}: sudo apt-get install -y ${LINUX[name].from}`)
  if (positionals.length > 0) return positionals
  const names = Object.keys(LINUX)
  for (const name of names.filter(lacking))
    say(`left out: ${name} (no ${LINUX[name].tool}): sudo apt-get install -y ${LINUX[name].from}`)
  return names.filter((name) => !lacking(name))
}

async function makePackages(targets, bundled) {
  const options = {
    app: join(out, 'linux-unpacked'),
    bundled,
    out,
    work: join(out, 'work'),
    isQuick: isStandIn,
  }
  for (const name of targets) {
    const startedAt = performance.now()
    const extra = name === 'AppImage' ? { runtime: pathFrom('appimage-runtime.mjs') } : {}
    if (extra.runtime === null) {
      say('left out: AppImage (the program in front of it could not be had, above)')
      continue
    }
    ;(await LINUX[name].make())({ ...options, ...extra })
    say(`made ${name} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
  }
  rmSync(options.work, { recursive: true, force: true })
}

const targets = chooseTargets()
const { dir, version } = await runtime()
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
const bundled = fillStage(stage, { runtime: version, isStandIn })
say(`packing with Electron ${version}${isStandIn ? ': A TRIAL, NOT FOR RELEASE' : ''}`)
const packed = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/electron-builder/cli.js'),
    ...(values.dir || isLinux ? ['--dir'] : positionals),
    ...['--config', join(root, 'build/electron-builder.mjs'), '--publish', 'never'],
  ],
  {
    cwd: root,
    env: {
      ...process.env,
      COORD_PACK_STAGE: join(stage, 'app'),
      COORD_PACK_OUT: out,
      COORD_PACK_ELECTRON: dir,
      COORD_PACK_VERSION: version,
      COORD_PACK_E2E: values.e2e ? '1' : '',
    },
    stdio: ['ignore', 2, 2],
  },
)
if (packed.status !== 0) fail('The packing failed (above).')
await makePackages(targets, bundled)
rmSync(stage, { recursive: true })
for (const file of ['builder-debug.yml', 'builder-effective-config.yaml'])
  rmSync(join(out, file), { force: true })
if (targets.length > 0 || (!isLinux && !values.dir)) await writeSums(out)
say(`packed into ${out}: ${readdirSync(out).join(', ')}`)
if (values.check) {
  const flags = [...(isStandIn ? ['--stand-in'] : []), ...(values.e2e ? ['--e2e'] : [])]
  const check = join(root, 'build/scripts/check-package.mjs')
  process.exitCode = spawnSync(process.execPath, [check, ...flags], { stdio: 'inherit' }).status ?? 1
}
