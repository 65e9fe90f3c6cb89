// What is packed, in one folder: bundles built for this, icons, and a manifest without scripts and dependencies.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../lib/freshness.mjs'
import { ICON_SIZES, iconFile, packaging } from './facts.mjs'

const KEPT = ['name', 'productName', 'version', 'description', 'license', 'author', 'homepage', 'desktopName']
/** The packages' own icons, and not the tray's. */
const isAppIcon = (name) => /^app(-(128|256|512)\.png|\.ic(o|ns))$/.test(name)

/** What is packed is run by its launcher: a first line that names `node` would ask the system for one. */
function dropShebangs(dir) {
  for (const name of readdirSync(dir).filter((one) => one.endsWith('.cjs'))) {
    const file = join(dir, name)
    const text = readFileSync(file, 'utf8')
    if (text.startsWith('#!')) writeFileSync(file, text.slice(text.indexOf('\n') + 1))
  }
}

/** The SBOM of the packages has the runtime in it, too. */
function addRuntime(file, version) {
  const sbom = JSON.parse(readFileSync(file, 'utf8'))
  const ref = `pkg:npm/electron@${version}`
  const licenses = [{ expression: 'MIT' }]
  sbom.components.push({ type: 'framework', 'bom-ref': ref, name: 'electron', version, purl: ref, licenses })
  sbom.dependencies[0].dependsOn.push(ref)
  writeFileSync(file, `${JSON.stringify(sbom, null, 1)}\n`)
}

/**
 * Fills `stage/app`, `stage/icons` and `stage/legal`; gives the folders of the packages that are bundled.
 * `runtime`: the version of Electron; `isStandIn`: it is the older one, which needs what it lacks.
 */
export function fillStage(stage, { runtime, isStandIn }) {
  rmSync(stage, { recursive: true, force: true })
  const app = join(stage, 'app')
  const dist = join(app, 'dist')
  const built = spawnSync(
    process.execPath,
    [join(root, 'build/scripts/build.mjs'), '--quiet', '--out', dist],
    { stdio: ['ignore', 2, 2] },
  )
  if (built.status !== 0) throw new Error('the build failed (above)')
  const bundled = JSON.parse(readFileSync(join(dist, 'bundled.json'), 'utf8'))
  rmSync(join(dist, 'bundled.json'))
  renameSync(join(dist, 'legal'), join(stage, 'legal'))
  addRuntime(join(stage, 'legal/sbom.cdx.json'), runtime)
  dropShebangs(join(dist, 'cli'))
  for (const name of readdirSync(join(dist, 'icons'))) if (isAppIcon(name)) rmSync(join(dist, 'icons', name))
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const main = isStandIn ? 'dist/stand-in.cjs' : manifest.main
  const kept = Object.fromEntries(KEPT.map((key) => [key, manifest[key]]))
  writeFileSync(join(app, 'package.json'), JSON.stringify({ ...kept, main }))
  if (isStandIn) {
    cpSync(packaging('stand-in.cjs'), join(dist, 'stand-in.cjs'))
    cpSync(join(root, 'build/runtime/compat.cjs'), join(dist, 'compat.cjs'))
  }
  mkdirSync(join(stage, 'icons'))
  for (const size of ICON_SIZES) cpSync(iconFile(size), join(stage, `icons/${size}x${size}.png`))
  return bundled
}
