// The Debian package, by dpkg-deb alone: what fpm or debhelper would add is a control file and three scripts.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianDependencies } from '../../../shared/system-libraries.ts'
import { EPOCH_S, MAINTAINER, PACKAGE, SUMMARY, DESCRIPTION, VERSION, packaging } from './facts.mjs'
import { fillTree, settle } from './linux-tree.mjs'

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' }
export const debName = () => `${PACKAGE}_${VERSION}-1_${ARCHITECTURES[process.arch]}.deb`

function* files(dir, prefix = '') {
  for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isDirectory()) yield* files(join(dir, entry.name), `${prefix}${entry.name}/`)
    else if (entry.isFile()) yield prefix + entry.name
}

/** The package's control file, for the tree that it installs. */
export function control(tree) {
  const kib = [...files(tree)].reduce(
    (sum, name) => sum + Math.ceil(statSync(join(tree, name)).size / 1024),
    0,
  )
  return [
    `Package: ${PACKAGE}`,
    `Version: ${VERSION}-1`,
    `Architecture: ${ARCHITECTURES[process.arch]}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${kib}`,
    `Depends: ${['libc6', ...debianDependencies()].join(', ')}`,
    'Recommends: gnome-shell-extension-appindicator',
    'Section: utils',
    'Priority: optional',
    `Description: ${SUMMARY}`,
    ...DESCRIPTION.map((line) => (line === '' ? ' .' : ` ${line}`)),
    '',
  ].join('\n')
}

/** Writes the package into `out`; gives its file. `isQuick`: larger, and made in seconds. */
export function makeDeb({ app, bundled, out, work, isQuick }) {
  const tree = join(work, 'deb')
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(tree, { recursive: true })
  fillTree(tree, { app, bundled })
  const overrides = join(tree, 'usr/share/lintian/overrides')
  mkdirSync(overrides, { recursive: true })
  cpSync(packaging('linux/lintian-overrides'), join(overrides, PACKAGE))
  settle(tree)
  const sums = [...files(tree)].map(
    (name) =>
      `${createHash('md5')
        .update(readFileSync(join(tree, name)))
        .digest('hex')}  ${name}`,
  )
  const text = control(tree)
  const debian = join(tree, 'DEBIAN')
  mkdirSync(debian)
  writeFileSync(join(debian, 'control'), text)
  writeFileSync(join(debian, 'md5sums'), `${sums.join('\n')}\n`)
  for (const script of ['postinst', 'postrm']) cpSync(packaging(`linux/${script}`), join(debian, script))
  settle(debian)
  const file = join(out, debName())
  const { status } = spawnSync(
    'dpkg-deb',
    ['--root-owner-group', ...(isQuick ? ['-Zgzip', '-z1'] : ['-Zxz']), '--build', tree, file],
    { stdio: ['ignore', 2, 2], env: { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH_S) } },
  )
  if (status !== 0) throw new Error('dpkg-deb failed (above)')
  rmSync(tree, { recursive: true })
  return file
}
