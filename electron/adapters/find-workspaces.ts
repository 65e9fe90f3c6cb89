/** Which project folders to watch beside those that the settings name, and which to suggest. */
import { appendFileSync, readFileSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from './make-folder.ts'

const usedFoldersFile = (home: string): string => join(home, 'workspaces.jsonl')

/** Notes a folder in which a command or a hook was used, once, with one write. */
export function rememberFolder(home: string, path: string): void {
  if (usedFolders(home).includes(path)) return
  try {
    makeFolder(home, 0o700)
    appendFileSync(usedFoldersFile(home), `${JSON.stringify(path)}\n`, { mode: 0o600 })
  } catch {
    // Remembering is a service to the tray; the command itself goes on.
  }
}

/** Folders in which a command or a hook was used: `coord` notes them, one JSON string a line. */
export function usedFolders(home: string): readonly string[] {
  let text: string
  try {
    text = readFileSync(usedFoldersFile(home), 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => {
    // One torn line must not hide the others.
    try {
      const path: unknown = JSON.parse(line)
      return typeof path === 'string' ? [path] : []
    } catch {
      return []
    }
  })
}

export interface Sorted {
  /** Canonical paths to watch from now on. */
  readonly watch: readonly string[]
  /** Projects of the tool that are there, without a queue yet. */
  readonly suggest: readonly string[]
}

const isThere = async (path: string, kind: 'isDirectory' | 'isFile'): Promise<boolean> => {
  try {
    return (await stat(path))[kind]()
  } catch {
    return false
  }
}
const hasQueue = async (path: string): Promise<boolean> =>
  (await isThere(join(path, '.claude', 'coord-queue.jsonl'), 'isFile')) ||
  (await isThere(join(path, '.claude', '.coord-outbox'), 'isDirectory'))

/** Asks the disk one after the other and off the main thread: a project may lie on a drive that hangs. */
export async function sortFolders(
  used: readonly string[],
  listed: readonly string[],
  isIgnored: (path: string) => boolean,
): Promise<Sorted> {
  const watch = new Set<string>()
  const suggest = new Set<string>()
  for (const path of new Set([...used, ...listed])) {
    let real: string
    try {
      real = await realpath(path)
    } catch {
      continue
    }
    if (isIgnored(path) || isIgnored(real) || watch.has(real)) continue
    if (!(await isThere(real, 'isDirectory'))) continue
    if (used.includes(path) || (await hasQueue(real))) watch.add(real)
    else suggest.add(real)
  }
  return { watch: [...watch], suggest: [...suggest].filter((path) => !watch.has(path)) }
}
