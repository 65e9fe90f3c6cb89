/** Folders made on the way to one, with the true cause where one cannot be. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Node's `mkdirSync`, or what stands in for it. */
export type MakeDir = (path: string, options: { recursive: boolean; mode?: number }) => unknown

/**
 * Makes `path` and all missing folders on its way; throws the platform's error. Node's recursive `mkdir` says ENOENT on a
 * file system that is mounted read-only, as if the folder above were missing, and never ends where the system says that
 * beneath a folder that is there (/proc, an automounter): each folder is made alone.
 */
export function makeFolder(path: string, mode?: number, mkdir: MakeDir = mkdirSync): void {
  const up = dirname(path)
  try {
    makeOne(path, mode, mkdir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || up === path) throw error
    if (!isFolder(up)) makeFolder(up, mode, mkdir)
    makeOne(path, mode, mkdir)
  }
}

function makeOne(path: string, mode: number | undefined, mkdir: MakeDir): void {
  try {
    mkdir(path, { recursive: false, ...(mode === undefined ? {} : { mode }) })
  } catch (error) {
    // There already, or made by another process meanwhile.
    if (!isFolder(path)) throw error
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}
