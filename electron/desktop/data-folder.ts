/** Whether the data folder can be used, and who holds it: asked before Chromium's lock, which says only "no". */
import { closeSync, fsyncSync, mkdirSync, openSync, readlinkSync, rmSync, statSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** What is in the way, as a code; `other` has the system's own word for it. */
export type FolderFault =
  | { readonly code: 'read-only' | 'no-permission' | 'not-a-folder' | 'no-space'; readonly path: string }
  | { readonly code: 'other'; readonly path: string; readonly cause: string }
  | { readonly code: 'no-lock'; readonly path: string }

const CODES: Readonly<Record<string, 'read-only' | 'no-permission' | 'not-a-folder' | 'no-space'>> = {
  EROFS: 'read-only',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  ENOTDIR: 'not-a-folder',
  EEXIST: 'not-a-folder',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
}
/** A full disk still makes an empty file. */
const PROBE = Buffer.alloc(4096, 1)

/** Makes the folder where it is missing and writes a file there; null: it can be used. */
export function findFolderFault(path: string): FolderFault | null {
  const probe = join(path, `.probe-${process.pid}`)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
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
    const code = Object.hasOwn(CODES, name) ? CODES[name] : undefined
    return code === undefined ? { code: 'other', path, cause: name } : { code, path }
  } finally {
    try {
      rmSync(probe, { force: true })
    } catch {
      // It could not be written either.
    }
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether the one that holds the profile runs here. Chromium's lock is a link that names computer and process. */
export function isHeldHere(userData: string): boolean {
  try {
    const [, holder, pid] = /^(.*)-(\d+)$/.exec(readlinkSync(join(userData, 'SingletonLock'))) ?? []
    return holder === hostname() && isAlive(Number(pid))
  } catch {
    return false
  }
}

/** For a person: what is so, and what to do. */
export function folderWords(fault: FolderFault): { readonly text: string; readonly wayOut: string } {
  const elsewhere = 'Make it usable, or set COORD_HOME to a folder that is.'
  switch (fault.code) {
    case 'read-only':
      return { text: `The data folder is on a disk that is read-only: ${fault.path}`, wayOut: elsewhere }
    case 'no-permission':
      return { text: `The data folder may not be written by this user: ${fault.path}`, wayOut: elsewhere }
    case 'not-a-folder':
      return { text: `The data folder is no folder: ${fault.path}`, wayOut: elsewhere }
    case 'no-space':
      return {
        text: `No space is left for the data folder: ${fault.path}`,
        wayOut: 'Make room, and start it again.',
      }
    case 'other':
      return { text: `The data folder cannot be used (${fault.cause}): ${fault.path}`, wayOut: elsewhere }
    case 'no-lock':
      return { text: `The data folder could not be locked: ${fault.path}`, wayOut: elsewhere }
  }
}
