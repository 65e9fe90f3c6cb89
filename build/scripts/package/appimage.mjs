// The AppImage: a squashfs of the tree behind the small program that mounts it.
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { EPOCH_S, PACKAGE, VERSION, iconFile, packaging } from './facts.mjs'
import { fillTree, settle } from './linux-tree.mjs'

const ARCHITECTURES = { x64: 'x86_64', arm64: 'aarch64' }
export const appImageName = () => `Coord_Tray-${VERSION}-${ARCHITECTURES[process.arch]}.AppImage`

/** `runtime`: the file of the program in front. */
export function makeAppImage({ app, bundled, out, work, isQuick, runtime }) {
  const tree = join(work, 'AppDir')
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(tree, { recursive: true })
  fillTree(tree, { app, bundled })
  cpSync(packaging('linux/AppRun'), join(tree, 'AppRun'))
  cpSync(packaging('linux/local.coord-tray.desktop'), join(tree, 'local.coord-tray.desktop'))
  cpSync(iconFile(256), join(tree, `${PACKAGE}.png`))
  symlinkSync(`${PACKAGE}.png`, join(tree, '.DirIcon'))
  settle(tree)
  const image = join(work, 'image.squashfs')
  rmSync(image, { force: true })
  const { status } = spawnSync(
    'mksquashfs',
    [
      ...[tree, image, '-all-root', '-noappend', '-no-progress', '-quiet', '-no-xattrs', '-comp', 'gzip'],
      ...(isQuick ? ['-Xcompression-level', '1'] : []),
    ],
    { stdio: ['ignore', 2, 2], env: { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH_S) } },
  )
  if (status !== 0) throw new Error('mksquashfs failed (above)')
  const file = join(out, appImageName())
  writeFileSync(file, readFileSync(runtime))
  appendFileSync(file, readFileSync(image))
  chmodSync(file, 0o755)
  for (const path of [tree, image]) rmSync(path, { recursive: true, force: true })
  return file
}
