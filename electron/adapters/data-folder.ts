/** Whether the data folder can be used: asked before anything is kept there. */
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { folderTrouble, type FolderFault } from '../../shared/data-folder.ts'
import { makeFolder } from './make-folder.ts'

/** A full disk still makes an empty file. */
const PROBE = Buffer.alloc(4096, 1)

/** Makes the folder where it is missing and writes a file there; null: it can be used. */
export function findFolderFault(path: string): FolderFault | null {
  const probe = join(path, `.probe-${process.pid}`)
  try {
    makeFolder(path, 0o700)
    if (!statSync(path).isDirectory()) return { code: 'not-a-folder', path }
    const file = openSync(probe, 'w', 0o600)
    try {
      writeSync(file, PROBE)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    return null
  } catch (cause) {
    const name = (cause as NodeJS.ErrnoException).code ?? String(cause)
    const code = folderTrouble(name)
    return code === undefined ? { code: 'other', path, cause: name } : { code, path }
  } finally {
    try {
      rmSync(probe, { force: true })
    } catch {
      // It could not be written either.
    }
  }
}
