/** `Idempotency-Key`: the effect and its key in one transaction; the same key answers as the first time. */
import type { EpochMs } from '../../../shared/time.ts'
import { refuse, toAnswer, toAnswerAgain, toKeptHeaders } from '../answers.ts'
import { KEY_KEPT_MS, type Answer, type CallKey, type Outcome } from '../store.ts'
import { KEPT } from './messages.ts'
import type { Connection } from './open.ts'
import { toStored, toText } from './rows.ts'

/**
 * Answers a call once. A message's body is not kept a second time: it never changes, and is read from the message
 * where the answer is given again (null where the message is gone by then, or over). The key of a claim that is answered
 * again is a millisecond younger: by that `forgetKey` knows that somebody has the answer.
 */
export function once(
  db: Connection,
  key: CallKey | null,
  at: EpochMs,
  isClaim: boolean,
  apply: () => Outcome,
): Answer {
  if (!key) return toAnswer(apply())
  const known = db.get(
    'SELECT fingerprint, status, body, message_id, headers FROM call_keys WHERE key = ? AND at > ?',
    key.key,
    at - KEY_KEPT_MS,
  )
  if (known && known.fingerprint !== key.fingerprint)
    return refuse(422, 'Idempotency-Key: was used for another call', { field: 'Idempotency-Key' })
  if (known) {
    const again = (body: string): Answer => toAnswerAgain(Number(known.status), body, toText(known.headers))
    if (isClaim) db.run('UPDATE call_keys SET at = at + 1 WHERE key = ?', key.key)
    if (known.message_id === null) return again(String(known.body))
    const message = db.get(
      `SELECT body FROM messages m WHERE id = ? AND ${KEPT}`,
      known.message_id ?? null,
      at,
    )
    const row = JSON.parse(String(known.body)) as Record<string, unknown>
    return again(JSON.stringify({ ...row, body: toText(message?.body) }))
  }
  const outcome = apply()
  const answer = toAnswer(outcome)
  if (answer.status >= 300) return answer
  const isMessage = outcome.kind === 'created' && typeof outcome.row.subject === 'string'
  db.run(
    'INSERT OR REPLACE INTO call_keys (key, fingerprint, status, body, at, message_id, headers) VALUES (?, ?, ?, ?, ?, ?, ?)',
    key.key,
    key.fingerprint,
    answer.status,
    isMessage ? JSON.stringify({ ...outcome.row, body: null }) : answer.body,
    at,
    isMessage ? toStored(String(outcome.row.id)) : null,
    toKeptHeaders(answer),
  )
  return answer
}

/** Forgets the key of a claim, unless it was answered again since it was made at `madeAt`; whether it was not. */
export function forgetKey(db: Connection, key: CallKey, madeAt: EpochMs): boolean {
  const known = db.get('SELECT at FROM call_keys WHERE key = ? AND fingerprint = ?', key.key, key.fingerprint)
  if (!known) return true
  if (Number(known.at) !== madeAt) return false
  db.run('DELETE FROM call_keys WHERE key = ?', key.key)
  return true
}
