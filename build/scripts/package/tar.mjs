// The archive for every other Linux: one folder with the program, and what a desktop and a shell may want beside it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { EPOCH_S, PACKAGE, VERSION } from './facts.mjs'
import { APP_FOLDER, fillTree, settle } from './linux-tree.mjs'

export const tarFolder = () => `${PACKAGE}-${VERSION}-linux-${process.arch}`
export const tarName = () => `${tarFolder()}.tar.gz`

export function makeTar({ app, bundled, out, work, isQuick }) {
  const tree = join(work, 'tar')
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(tree, { recursive: true })
  fillTree(tree, { app, bundled })
  const folder = join(tree, tarFolder())
  renameSync(join(tree, APP_FOLDER), folder)
  renameSync(join(tree, 'usr/share'), join(folder, 'share'))
  settle(folder)
  const file = join(out, tarName())
  const { status } = spawnSync(
    'tar',
    [
      ...['--create', '--file', file, '--use-compress-program', `gzip -n ${isQuick ? '-1' : '-9'}`],
      ...['--sort=name', '--format=gnu', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${EPOCH_S}`],
      ...['--directory', tree, tarFolder()],
    ],
    { stdio: ['ignore', 2, 2] },
  )
  if (status !== 0) throw new Error('tar failed (above)')
  rmSync(tree, { recursive: true })
  return file
}
