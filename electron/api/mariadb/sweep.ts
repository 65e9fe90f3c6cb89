/** Housekeeping in MariaDB: what was kept for its stated time goes, a few rows at a time. Several servers may do it at once. */
import type { Result } from '../../../shared/result.ts'
import type { SweepStep } from '../housekeeping.ts'
import {
  BROADCAST_KEPT_MS,
  DIRECT_KEPT_MS,
  KEY_KEPT_MS,
  READ_KEPT_MS,
  RELEASED_KEPT_MS,
  type StoreFault,
} from '../store.ts'
import { cutAudit } from './access.ts'
import { cutChanges } from './changes.ts'
import { expireLocks } from './locks.ts'
import type { Link } from './link.ts'
import type { Stored, Value } from './rows.ts'
import type { Transaction } from './transaction.ts'

const STEP_ROWS = 200

const before = (keptMs: number): string => `UTC_TIMESTAMP(3) - INTERVAL ${keptMs / 1000} SECOND`

/** Messages whose time is over. Unread ones are looked at from the oldest: those that stay longer say so themselves. */
const OVER: readonly (readonly [what: string, sql: string])[] = [
  [
    'messages that said when they end',
    'SELECT id FROM messages FORCE INDEX (messages_expiring) WHERE expires_at <= UTC_TIMESTAMP(3)',
  ],
  [
    'messages that were read',
    `SELECT id FROM messages FORCE INDEX (messages_unread) WHERE read_at < ${before(READ_KEPT_MS)} AND expires_at IS NULL`,
  ],
  [
    'broadcasts',
    `SELECT id FROM (SELECT id, created_at FROM messages FORCE INDEX (messages_to_unread)
     WHERE to_h IS NULL AND read_at IS NULL AND expires_at IS NULL ORDER BY seq LIMIT ${STEP_ROWS}) m
   WHERE created_at < ${before(BROADCAST_KEPT_MS)}`,
  ],
  [
    'messages that nobody read',
    `SELECT id FROM (SELECT id, created_at FROM messages FORCE INDEX (messages_unread)
     WHERE to_h IS NOT NULL AND read_at IS NULL AND expires_at IS NULL ORDER BY seq LIMIT ${STEP_ROWS}) m
   WHERE created_at < ${before(DIRECT_KEPT_MS)}`,
  ],
]

/** Answers that were remembered for their time. */
const sweepKeys = (link: Link): Promise<number> =>
  link.run(`DELETE FROM call_keys WHERE at < ${before(KEY_KEPT_MS)} ORDER BY at LIMIT ${STEP_ROWS}`)

/** Released locks that no transaction of a rule looks at any more. */
async function sweepReleased(link: Link): Promise<number> {
  const over = await link.all(
    `SELECT id FROM released_locks WHERE released_at < ${before(RELEASED_KEPT_MS)} ORDER BY released_at LIMIT ${STEP_ROWS}`,
  )
  if (over.length > 0) {
    await link.plain(`DELETE FROM lock_refusals WHERE lock_id IN (${marks(over)})`, ...idsOf(over))
    await link.plain(`DELETE FROM released_locks WHERE id IN (${marks(over)})`, ...idsOf(over))
  }
  return over.length
}

const marks = (rows: readonly Stored[]): string => rows.map(() => '?').join(', ')
const idsOf = (rows: readonly Stored[]): Value[] => rows.map((row) => row.id ?? null)

async function sweepMessages(tx: Transaction, sql: string): Promise<number> {
  let removed = 0
  for (const { id } of await tx.all(`${sql} LIMIT ${STEP_ROWS}`)) {
    const gone = await tx.get(
      'SELECT to_h IS NULL AS is_broadcast, read_at FROM messages WHERE id = ? FOR UPDATE',
      id ?? null,
    )
    if (!gone) continue
    await tx.run('DELETE FROM message_marks WHERE message_id = ?', id ?? null)
    await tx.run('DELETE FROM messages WHERE id = ?', id ?? null)
    if (gone.read_at === null)
      tx.count(Number(gone.is_broadcast) === 1 ? 'unread_broadcasts' : 'unread_direct', -1)
    removed++
  }
  if (removed > 0) tx.bump('messages')
  return removed
}

/** How a step is made: as one transaction that is repeated where two met, or statement by statement. */
export interface SweepWays {
  readonly transact: (work: (tx: Transaction) => Promise<number>) => Promise<Result<number, StoreFault>>
  readonly plainly: (work: (link: Link) => Promise<number>) => Promise<Result<number, StoreFault>>
}

/** Each removes a few hundred rows at most. */
export const sweepSteps = ({ transact, plainly }: SweepWays): readonly SweepStep[] => [
  { what: 'expired locks', run: () => transact((tx) => expireLocks(tx, STEP_ROWS)) },
  { what: 'keys', run: () => plainly(sweepKeys) },
  { what: 'released locks', run: () => plainly(sweepReleased) },
  ...OVER.map(([what, sql]) => ({ what, run: () => transact((tx) => sweepMessages(tx, sql)) })),
  { what: 'log of changes', run: () => plainly((link) => cutChanges(link, STEP_ROWS)) },
  { what: 'audit', run: () => plainly((link) => cutAudit(link, STEP_ROWS)) },
]
