/** What the API is asked besides sending: what a rule needs to know, where a call in doubt would show, what a rejection means. */
import type { Cause } from '../../../../shared/cause.ts'
import { workflowRow, workItemRow } from '../../../../shared/wire.ts'
import type { Verdict } from '../../coord/classify-answer.ts'
import type { GatedConnection } from '../../coord/connection.ts'
import { askComponents, askLocks, askMessages, askRows, type Asked } from '../../coord/coord-client.ts'
import type { CallTarget } from './call-target.ts'
import type { Row } from './find-applied.ts'

const q = encodeURIComponent

/** Lists the rows among which the effect of a call would show; undefined where no GET can tell. */
export async function askWhereItShows(
  connection: GatedConnection,
  { effect }: CallTarget,
): Promise<Asked<Row> | undefined> {
  switch (effect.kind) {
    case 'claim':
      return askLocks(connection, effect.project, effect.resource)
    case 'message':
      return askMessages(connection)
    case 'component':
      return askComponents(connection, effect.project)
    case 'workflow':
      return askRows(connection, '/api/coord/workflows', 'workflows', workflowRow)
    case 'work-item':
      return askRows(
        connection,
        `/api/coord/work-items?workflow_id=${q(effect.workflow)}`,
        'work_items',
        workItemRow,
      )
    case 'release':
    case 'release-all':
    case 'mark-read':
    case 'item-change':
    case 'other':
      return undefined
  }
}

/** What a rejection turned out to mean. */
export type Meaning =
  | { readonly kind: 'delivered'; readonly note: 'already held' | 'already gone' }
  | { readonly kind: 'set-aside'; readonly cause: Cause }
  /** The API rejects everything: it may not be ours. */
  | { readonly kind: 'wrong-answer' }
  /** No answer now; the connection knows. */
  | { readonly kind: 'paused' }

const gone: Meaning = { kind: 'delivered', note: 'already gone' }

/** A conflict: the session may hold the lock already; else who does. */
export async function meaningOfConflict(
  connection: GatedConnection,
  { effect }: CallTarget,
  verdict: Extract<Verdict, { kind: 'conflict' }>,
): Promise<Meaning> {
  const rejected: Meaning = { kind: 'set-aside', cause: { code: 'rejected', detail: verdict.detail } }
  if (effect.kind !== 'claim') return rejected
  const { session, resource, project } = effect
  const locks = await askLocks(connection, project, resource)
  if (locks.kind === 'paused') return locks
  if (locks.kind === 'none') return rejected
  const rows = locks.rows.filter(
    (r) => r.resource === resource && (r.project_key === project || r.project_key === null),
  )
  if (rows.some((r) => r.session_id === session)) return { kind: 'delivered', note: 'already held' }
  const holder = rows[0]?.session_id
  return holder === undefined
    ? rejected
    : { kind: 'set-aside', cause: { code: 'held', holder, detail: verdict.detail } }
}

/** A rejection that may mean "not our API" or "nothing there any more": the lists tell. */
export async function meaningOfRejection(
  connection: GatedConnection,
  { effect }: CallTarget,
  detail: string,
): Promise<Meaning> {
  const locks = await askLocks(connection)
  if (locks.kind === 'paused') return locks
  if (locks.kind === 'none') return { kind: 'wrong-answer' }
  // a list that its server cuts short proves nothing by what is not in it
  const isWhole = locks.cap === null
  if (isWhole && effect.kind === 'release' && !locks.rows.some((r) => r.id === effect.id)) return gone
  if (isWhole && effect.kind === 'release-all' && !locks.rows.some((r) => r.session_id === effect.session))
    return gone
  if (effect.kind === 'mark-read') {
    const messages = await askMessages(connection)
    if (messages.kind === 'paused') return messages
    const isListed = messages.kind === 'rows' && messages.cap === null
    if (isListed && !messages.rows.some((m) => m.id === effect.id && m.read_at === null)) return gone
  }
  return {
    kind: 'set-aside',
    cause: { code: effect.kind === 'component' ? 'other-form' : 'rejected', detail },
  }
}
