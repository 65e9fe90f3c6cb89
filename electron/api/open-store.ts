/** The store that a database's name asks for: a file, or a database server, whose driver is loaded for one only. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { diskWords } from '../../shared/data-folder.ts'
import { err, type Result } from '../../shared/result.ts'
import type { OpenError } from './sqlite/open.ts'
import { openSqliteStore } from './sqlite/store.ts'
import type { Store } from './store.ts'

export interface DatabaseChoice {
  /** A file, or a database server: `mariadb://USER@HOST/DATABASE`. */
  readonly database: string
  /** The password of the database's user, where the address has none. */
  readonly databasePassword?: string | undefined
}

/** Whether a database is a server's, as opposed to a file. */
export const isServerAddress = (database: string): boolean => /^[a-z][a-z0-9+]+:\/\//i.test(database)

/** Opens it; makes the folder of a file, and the tables. */
export async function openStore(
  { database, databasePassword }: DatabaseChoice,
  log: (line: string) => void,
): Promise<Result<Store, OpenError>> {
  if (isServerAddress(database)) {
    const { openMariaStore, parseAddress } = await import('./mariadb/store.ts')
    const address = parseAddress(database, databasePassword)
    if (!address.ok) return err({ code: 'database-unusable', message: address.error })
    return openMariaStore(address.value, log)
  }
  const folder = dirname(database)
  try {
    await makeFolder(folder)
  } catch (problem) {
    return err({
      code: 'database-unusable',
      message: `the folder of the database cannot be made (${diskWords(problem)}): ${folder}. Make it usable, or name another file with --database`,
    })
  }
  return openSqliteStore(database, log)
}

/** Node's recursive `mkdir` says ENOENT on a disk that is read-only: the first folder that is missing, made alone, tells the cause. */
async function makeFolder(path: string): Promise<void> {
  const all = { recursive: true, mode: 0o700 }
  try {
    await mkdir(path, all)
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code !== 'ENOENT') throw problem
    await mkdir(await firstMissing(path), 0o700)
    await mkdir(path, all)
  }
}

async function firstMissing(path: string): Promise<string> {
  const up = dirname(path)
  if (up === path) return path
  return stat(up).then(
    () => path,
    () => firstMissing(up),
  )
}
