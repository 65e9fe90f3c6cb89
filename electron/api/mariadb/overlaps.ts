/** Which held locks stand in the way of a claim: the same resource, what is above or beneath it, what a pattern matches. */
import { resourcesOverlap } from '../../../shared/resource-overlap.ts'
import { coveringKeys, fixedStart, isPattern, toResourceKey } from '../resource-key.ts'
import { HELD, LOCK_COLUMNS } from './held-locks.ts'
import { hashOf, sessionHash, toStored, toText, toTime, type Stored, type Value } from './rows.ts'
import type { Transaction } from './transaction.ts'

export interface Wanted {
  readonly project: string
  readonly resource: string
  readonly session: string
}

/** More are not looked at: each of them is told of the refusal. */
const MOST_BLOCKERS = 100
/** Behind every text that begins as the one before it. */
const BEHIND_ALL = '\u{10ffff}'

/** Other sessions' held locks that overlap with what is wanted, the oldest first. Behind the project's gate. */
export async function findBlockers(tx: Transaction, wanted: Wanted): Promise<Stored[]> {
  const found = new Map<string, Stored>()
  for (const [index, where, values] of placesOf(wanted.resource))
    for (const row of await lookAt(tx, wanted, index, where, values))
      if (overlaps(wanted.resource, toText(row.resource) ?? '')) found.set(String(row.id), row)
  const first = [...found.values()].sort((a, b) => Number(a.fence) - Number(b.fence)).slice(0, MOST_BLOCKERS)
  if (first.length === 0) return []
  return tx.plain(
    `SELECT ${LOCK_COLUMNS} FROM held_locks WHERE id IN (${first.map(() => '?').join(', ')}) ORDER BY seq`,
    ...first.map((row) => row.id ?? null),
  )
}

/** Text that UTF-8 cannot carry is stored in another form: it is compared as a whole only. */
const overlaps = (wanted: string, held: string): boolean =>
  wanted.isWellFormed() === held.isWellFormed() && resourcesOverlap(wanted, held)

type Place = readonly [index: string, where: string, values: readonly Value[]]

function placesOf(resource: string): Place[] {
  const key = toResourceKey(resource)
  if (!resource.isWellFormed()) return [['held_keys', 'resource_key = ?', [toStored(key)]]]
  const start = isPattern(key) ? fixedStart(key) : key
  const keys = padded(coveringKeys(start))
  const places: Place[] = [
    ['held_keys', `resource_key IN (${keys.map(() => '?').join(', ')})`, keys.map((k) => toStored(k))],
  ]
  if (isPattern(key) || key.endsWith('/')) {
    const beneath = key === '/' ? '' : start
    places.push(['held_keys', 'resource_key >= ? AND resource_key < ?', [beneath, beneath + BEHIND_ALL]])
  }
  places.push(['held_patterns', 'is_pattern = 1', []])
  return places
}

/** As many as a power of two, so that few different statements are prepared. */
function padded(keys: readonly string[]): string[] {
  const size = 2 ** Math.ceil(Math.log2(Math.max(4, keys.length)))
  return Array.from({ length: size }, (_, i) => keys[Math.min(i, keys.length - 1)] ?? '')
}

async function lookAt(
  tx: Transaction,
  wanted: Wanted,
  index: string,
  where: string,
  values: readonly Value[],
): Promise<Stored[]> {
  return tx.all(
    `SELECT id, resource, seq AS fence FROM held_locks FORCE INDEX (${index})
     WHERE project_h = ? AND ${where} AND session_h <> ? AND ${HELD}`,
    hashOf(wanted.project),
    ...values,
    sessionHash(wanted.session),
    toTime(await tx.now()),
  )
}
