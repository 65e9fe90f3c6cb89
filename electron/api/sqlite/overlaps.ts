/** Which held locks stand in the way of a claim: the same resource, what is above or beneath it, what a pattern matches. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { resourcesOverlap } from '../../../shared/resource-overlap.ts'
import type { EpochMs } from '../../../shared/time.ts'
import { HELD, LOCK_COLUMNS } from './held-locks.ts'
import type { Connection } from './open.ts'
import { coveringKeys, fixedStart, isPattern, toResourceKey } from '../resource-key.ts'
import { toStored, toStoredKey, toText } from './rows.ts'

type Stored = Record<string, SQLOutputValue>

export interface Wanted {
  readonly project: string
  readonly resource: string
  readonly session: string
}

/** More are not looked at: each of them is told of the refusal. */
const MOST_BLOCKERS = 100
/** Behind every text that begins as the one before it. */
const BEHIND_ALL = '\u{10ffff}'

/** Other sessions' held locks that overlap with what is wanted, the oldest first. */
export function findBlockers(db: Connection, wanted: Wanted, at: EpochMs): Stored[] {
  const { resource } = wanted
  // Text that UTF-8 cannot carry is stored in another form: it is compared as a whole only.
  if (!resource.isWellFormed())
    return lookAt(db, wanted, at, 'resource_key = ?', toStored(toResourceKey(resource)))
  const key = toResourceKey(resource)
  const start = isPattern(key) ? fixedStart(key) : key
  const found = lookAt(
    db,
    wanted,
    at,
    'resource_key IN (SELECT value FROM json_each(?))',
    JSON.stringify(coveringKeys(start)),
  )
  if (isPattern(key) || key.endsWith('/')) {
    const beneath = key === '/' ? '' : start
    found.push(
      ...lookAt(db, wanted, at, 'resource_key >= ? AND resource_key < ?', beneath, beneath + BEHIND_ALL),
    )
  }
  found.push(...patterns(db, wanted, at))
  const each = new Map(found.map((row) => [String(row.id), row]))
  return [...each.values()].sort((a, b) => Number(a.fence) - Number(b.fence)).slice(0, MOST_BLOCKERS)
}

/** Locks of others whose key meets a condition, as far as they overlap; read one by one, no more than needed. */
function lookAt(
  db: Connection,
  wanted: Wanted,
  at: EpochMs,
  where: string,
  ...values: SQLInputValue[]
): Stored[] {
  const rows = db.iterate(
    `SELECT ${LOCK_COLUMNS} FROM locks INDEXED BY locks_keys
     WHERE project_key = ? AND ${where} AND session_key <> ? AND ${HELD}`,
    toStored(wanted.project),
    ...values,
    toStoredKey(wanted.session),
    at,
  )
  return overlapping(rows, wanted.resource)
}

const patterns = (db: Connection, wanted: Wanted, at: EpochMs): Stored[] =>
  overlapping(
    db.iterate(
      `SELECT ${LOCK_COLUMNS} FROM locks INDEXED BY locks_patterns
       WHERE project_key = ? AND is_pattern = 1 AND session_key <> ? AND ${HELD}`,
      toStored(wanted.project),
      toStoredKey(wanted.session),
      at,
    ),
    wanted.resource,
  )

function overlapping(rows: Iterator<Stored>, resource: string): Stored[] {
  const found: Stored[] = []
  for (let next = rows.next(); !next.done; next = rows.next()) {
    if (!resourcesOverlap(resource, toText(next.value.resource) ?? '')) continue
    found.push(next.value)
    if (found.length < MOST_BLOCKERS) continue
    rows.return?.()
    break
  }
  return found
}
