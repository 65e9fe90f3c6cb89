/** The runtime's SQLite, and what its exceptions mean. */
import type * as NodeSqlite from 'node:sqlite'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { StoreFault } from '../store.ts'

export type Sqlite = typeof NodeSqlite

export interface NoSqlite {
  readonly code: 'no-sqlite'
  readonly message: string
}

/** The runtime's SQLite, loaded on first use: this bundle also runs where there is none. */
export function loadSqlite(): Result<Sqlite, NoSqlite> {
  const emitWarning = process.emitWarning.bind(process)
  // Node 22 warns once that node:sqlite is experimental; stderr of `coord serve` is for the person.
  process.emitWarning = () => undefined
  try {
    const sqlite = process.getBuiltinModule('node:sqlite') as Sqlite | undefined
    return sqlite?.DatabaseSync ? ok(sqlite) : err(noSqlite)
  } finally {
    process.emitWarning = emitWarning
  }
}
const noSqlite: NoSqlite = {
  code: 'no-sqlite',
  message: `this runtime (${process.execPath}) has no node:sqlite; set COORD_NODE to a Node 24`,
}

/** SQLite's primary result code of an exception, or undefined where it is no exception of SQLite's. */
export function sqliteCode(problem: unknown): number | undefined {
  if (!(problem instanceof Error) || !('errcode' in problem)) return undefined
  return typeof problem.errcode === 'number' ? problem.errcode & 0xff : undefined
}

const FULL = 13
const BUSY = new Set([5, 6, 15])
/** READONLY, IOERR, NOMEM, CANTOPEN: the connection is given up and opened anew. */
const UNREADABLE = new Set([7, 8, 10, 14])
/** CORRUPT, NOTADB: no waiting helps. */
const DAMAGED = new Set([11, 26])

/** The fault behind an exception of SQLite's, or undefined where it is a bug of ours. */
export function toFault(problem: unknown): StoreFault | undefined {
  const code = sqliteCode(problem)
  if (code === undefined) return undefined
  const message = problem instanceof Error ? problem.message : ''
  if (code === FULL) return { code: 'full', message }
  if (BUSY.has(code)) return { code: 'busy', message }
  if (DAMAGED.has(code)) return { code: 'damaged', message }
  return UNREADABLE.has(code) ? { code: 'unreadable', message } : undefined
}
