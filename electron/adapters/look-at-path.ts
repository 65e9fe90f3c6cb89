/** What a path is, for those who go on without it: nothing is thrown, whatever the path. */
import { lstatSync, statSync } from 'node:fs'

/** Whether a folder is there; what may not or cannot be looked at (a name that is too long, a circle of links) is none. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** Whether anything is there, a link that leads nowhere too; what may not or cannot be looked at is not. */
export function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}
