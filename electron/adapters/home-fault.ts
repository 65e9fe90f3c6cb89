/** Whether the data folder can be one, before anything is made in it. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Why no folder can ever be at `home`; null where one is, or may come. What may merely not be written is no fault: a look
 * needs no writing. Makes the first missing folder on the way: Node's recursive `mkdir` never ends where the system
 * answers ENOENT beneath a folder that is there (/proc, an automounter).
 */
export function homeFault(home: string): string | null {
  for (let dir = home, missing: string | null = null; ; missing = dir, dir = dirname(dir)) {
    const isFolder = isFolderAt(dir)
    if (isFolder === false) return `${dir} is no folder`
    if (isFolder === undefined && dirname(dir) !== dir) continue
    return missing === null || mayBeMade(missing) ? null : `no folder can be made in ${dir}`
  }
}

/** Undefined: nothing is there. */
function isFolderAt(path: string): boolean | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory()
  } catch {
    // may not be looked at: then it is for whoever writes to say so
    return true
  }
}

function mayBeMade(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 })
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}
