/** Folders made on the way to one, with the true cause where one cannot be. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Node's `mkdirSync`, or what stands in for it. */
export type MakeDir = (path: string, options: { recursive: boolean; mode?: number }) => unknown

/**
 * Makes `path` and all missing folders on its way; throws the platform's error. Node's recursive `mkdir` says ENOENT on a
 * file system that is mounted read-only, as if the folder above were missing: then the first missing folder is made alone,
 * and the system asked itself.
 */
export function makeFolder(path: string, mode?: number, mkdir: MakeDir = mkdirSync): void {
  const made = mode === undefined ? {} : { mode }
  try {
    mkdir(path, { recursive: true, ...made })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    mkdir(firstMissing(path), { recursive: false, ...made })
    mkdir(path, { recursive: true, ...made })
  }
}

function firstMissing(path: string): string {
  const up = dirname(path)
  return up === path || statSync(up, { throwIfNoEntry: false }) !== undefined ? path : firstMissing(up)
}
