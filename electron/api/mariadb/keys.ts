/** `Idempotency-Key`: the effect and its key in one transaction; the same key answers as the first time, on every server. */
import type { EpochMs } from '../../../shared/time.ts'
import { refuse, toAnswer, toAnswerAgain, toKeptHeaders } from '../answers.ts'
import { KEY_KEPT_MS, type Answer, type CallKey, type Outcome } from '../store.ts'
import { isDuplicate } from './faults.ts'
import { KEPT } from './messages.ts'
import { keyHash, toMs, toText, toTime, type Stored } from './rows.ts'
import { Again, type Transaction } from './transaction.ts'

/** A row that is being written: its status comes with the commit. */
const PENDING = 0

/**
 * Answers a call once. Who comes second waits at the key's row until the first has committed. The key of a claim that is answered
 * again is a millisecond younger: by that `forgetKey` knows that somebody has the answer.
 */
export async function once(
  tx: Transaction,
  key: CallKey | null,
  isClaim: boolean,
  apply: () => Promise<Outcome>,
): Promise<Answer> {
  if (!key) return toAnswer(await apply())
  const h = keyHash(key.key)
  const known = await find(tx, h, isClaim)
  if (known) {
    if (isClaim) await tx.run('UPDATE call_keys SET at = at + INTERVAL 1000 MICROSECOND WHERE h = ?', h)
    return again(tx, known, key)
  }
  try {
    await tx.run(
      'INSERT INTO call_keys (h, `key`, fingerprint, status, body, at) VALUES (?, ?, ?, ?, ?, ?)',
      h,
      key.key,
      key.fingerprint,
      PENDING,
      '',
      toTime(await tx.now()),
    )
  } catch (problem) {
    if (isDuplicate(problem)) throw new Again('the same key was written by another call')
    throw problem
  }
  return firstTime(tx, h, await apply())
}

/** The key's row, unless its time is over: then it makes room for a new one. A claim's is kept for oneself: it may be forgotten. */
async function find(tx: Transaction, h: Buffer, isClaim: boolean): Promise<Stored | undefined> {
  const known = await tx.get(
    `SELECT fingerprint, status, body, message_id, headers, at FROM call_keys WHERE h = ? ${isClaim ? 'FOR UPDATE' : ''}`,
    h,
  )
  if (!known || toMs(known.at) > (await tx.now()) - KEY_KEPT_MS) return known
  await tx.run('DELETE FROM call_keys WHERE h = ?', h)
  return undefined
}

/** Forgets the key of a claim, unless it was answered again since it was made at `madeAt`; whether it was not. */
export async function forgetKey(tx: Transaction, key: CallKey, madeAt: EpochMs): Promise<boolean> {
  const h = keyHash(key.key)
  const known = await tx.get(
    'SELECT at FROM call_keys WHERE h = ? AND fingerprint = ? FOR UPDATE',
    h,
    key.fingerprint,
  )
  if (!known) return true
  if (toMs(known.at) !== madeAt) return false
  await tx.run('DELETE FROM call_keys WHERE h = ?', h)
  return true
}

async function firstTime(tx: Transaction, h: Buffer, outcome: Outcome): Promise<Answer> {
  const answer = toAnswer(outcome)
  if (answer.status >= 300) {
    await tx.run('DELETE FROM call_keys WHERE h = ?', h)
    return answer
  }
  const isMessage = outcome.kind === 'created' && typeof outcome.row.subject === 'string'
  await tx.run(
    'UPDATE call_keys SET status = ?, body = ?, message_id = ?, headers = ? WHERE h = ?',
    answer.status,
    isMessage ? JSON.stringify({ ...outcome.row, body: null }) : answer.body,
    isMessage ? String(outcome.row.id) : null,
    toKeptHeaders(answer),
    h,
  )
  return answer
}

/** A message's body is not kept a second time: it never changes, and is read from the message (null where that is gone, or over). */
async function again(tx: Transaction, known: Stored, key: CallKey): Promise<Answer> {
  if (known.fingerprint !== key.fingerprint)
    return refuse(422, 'Idempotency-Key: was used for another call', { field: 'Idempotency-Key' })
  const told = (body: string): Answer => toAnswerAgain(Number(known.status), body, toText(known.headers))
  if (known.message_id === null) return told(String(known.body))
  const message = await tx.get(
    `SELECT body FROM messages m WHERE id = ? AND ${KEPT}`,
    known.message_id ?? null,
  )
  const row = JSON.parse(String(known.body)) as Record<string, unknown>
  return told(JSON.stringify({ ...row, body: toText(message?.body) }))
}
