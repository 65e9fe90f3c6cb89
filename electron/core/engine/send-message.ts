/** Sending a message on a person's behalf: now, or from this app's queue as soon as the API answers. */
import type { CommandError } from '../../../shared/protocol.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { parseTime, toIso, type EpochMs } from '../../../shared/time.ts'
import { messageRow, type MessageRow } from '../../../shared/wire.ts'
import { mayBeKept, sayOutcome } from '../coord/classify-answer.ts'
import { createCoordClient } from '../coord/coord-client.ts'
import type { HttpOutcome } from '../ports.ts'
import { failure, type EngineDeps, type HandlerContext } from './deps.ts'
import { messageKey } from './notifications/notified-ledger.ts'
import { jsonOf } from './reads.ts'

export interface Draft {
  readonly from: string
  /** Null: to everyone. */
  readonly to: string | null
  readonly project: string | null
  readonly subject: string
  readonly body: string
}
export type Sent = Result<{ readonly id: string | null; readonly queued: boolean }, CommandError>

interface Write {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body?: unknown
}

/** Sends now; keeps it in this app's queue where the API is away. A POST whose answer is lost comes back as it is. */
export async function sendOrQueue(
  { connection, clock, enqueue }: EngineDeps,
  write: Write,
): Promise<Result<HttpOutcome | 'queued', CommandError>> {
  const { method, path, body } = write
  const text = body === undefined ? undefined : JSON.stringify(body)
  if (connection.isReady()) {
    const outcome = await connection.send({
      method,
      path,
      headers: text === undefined ? {} : { 'content-type': 'application/json' },
      ...(text === undefined ? {} : { body: text }),
    })
    if (outcome.kind === 'in-doubt' && method === 'POST') return ok(outcome)
    if (!mayBeKept(outcome)) {
      if (outcome.kind === 'answer' && outcome.status < 300) return ok(outcome)
      return failure('refused', sayOutcome(outcome))
    }
  }
  const ts = toIso(clock.now())
  const kept = await enqueue(
    JSON.stringify(body === undefined ? { ts, method, path } : { ts, method, path, body }),
  )
  return kept.ok ? ok('queued') : failure('storage', kept.error)
}

/** In doubt: only a row that is there says that it arrived; sending once more could double it. */
async function findSent(
  { connection }: EngineDeps,
  draft: Draft,
  startedAt: EpochMs,
): Promise<MessageRow | undefined> {
  const read = await createCoordClient(connection).messages({ isUnreadOnly: true })
  const found = (read.kind === 'rows' ? read.rows : []).filter(
    (m) =>
      m.from_session === draft.from &&
      m.to_session === draft.to &&
      m.subject === draft.subject &&
      m.body === draft.body &&
      (parseTime(m.created_at) ?? 0) >= startedAt - 2_000,
  )
  return found.length === 1 ? found[0] : undefined
}

/** Sends a message, or keeps it in this app's queue while the API is away. */
export async function sendMessage(
  { deps, state, dispatch }: Pick<HandlerContext, 'deps' | 'state' | 'dispatch'>,
  draft: Draft,
): Promise<Sent> {
  const body = {
    from_session: draft.from,
    ...(draft.to === null ? {} : { to_session: draft.to }),
    ...(draft.project === null ? {} : { project_key: draft.project }),
    subject: draft.subject,
    body: draft.body,
  }
  const startedAt = deps.clock.now() + deps.connection.serverSkewMs()
  const sent = await sendOrQueue(deps, { method: 'POST', path: '/api/coord/messages', body })
  if (!sent.ok) return sent
  if (sent.value === 'queued') return ok({ id: null, queued: true })
  if (sent.value.kind === 'answer') {
    const row = messageRow.safeParse(jsonOf(sent.value))
    if (!row.success) return ok({ id: null, queued: false })
    // One's own message is no news.
    dispatch({ kind: 'facts.told', keys: [messageKey(state().server, row.data)] })
    dispatch({ kind: 'message.sent', row: row.data })
    return ok({ id: row.data.id, queued: false })
  }
  const found = await findSent(deps, draft, startedAt)
  return found
    ? ok({ id: found.id, queued: false })
    : failure('failed', 'The connection broke while sending; look in Messages before sending again.')
}
