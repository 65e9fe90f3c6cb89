/** What a window is sent: bounded whatever there is, and little for a little change. */
import { describe, expect, it } from 'vitest'
import { apply, diff } from '../../../../shared/patch.ts'
import { appSnapshot } from '../../../../shared/snapshot.ts'
import { toIso } from '../../../../shared/time.ts'
import { componentRow, workflowRow, workItemRow } from '../../../../shared/wire.ts'
import { buildLock, buildMessage, buildState, START } from '../../testing/build.ts'
import type { AppEvent } from '../events.ts'
import { reduce } from '../reduce.ts'
import type { EndedRow } from '../../outbox/contract.ts'
import type { AppState } from '../state.ts'
import { toSnapshot } from './to-snapshot.ts'

const WHOLE_BYTES = 100_000
const CHANGE_BYTES = 5_000
const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
const minutes = (n: number): string => toIso(START + n * 60_000)
const LONG = 'a rather long text of a session that has much to say '.repeat(40)
const RAW = JSON.stringify({
  method: 'POST',
  path: '/api/coord/messages',
  body: { text: 'x'.repeat(900_000) },
})

/** What calls say of themselves may be as long as anything. */
const FACTS = {
  effect: 'message',
  session: LONG,
  project: LONG,
  resource: LONG,
  to: LONG,
  state: LONG,
} as const

const message = (n: number) =>
  buildMessage(n, {
    from_session: `LAPTOP-${n % 40}/claude-main-worktree`,
    to_session: n % 9 === 0 ? null : 'DESK/claude-main-worktree',
    subject: LONG,
    body: LONG,
    created_at: minutes(n),
  })
const lock = (n: number) =>
  buildLock(n, {
    session_id: `${n % 3 === 0 ? 'OTHER' : 'DESK'}/claude-main-${n % 90}`,
    resource: `src/some/folder/of/the/project/file-${n}.ts`,
    description: LONG,
    last_activity_at: minutes(n),
    expires_at: minutes(n + 120),
  })
const endedRow = (n: number, i: number): EndedRow => ({
  id: `00${n}-abcdefgh.${i * 900_000}.0`,
  ts: minutes(i),
  method: i % 5 === 0 ? null : 'POST',
  path: i % 5 === 0 ? null : `/api/coord/messages?${LONG}`,
  reason: LONG,
  status: 422,
  cause: 'rejected' as const,
  preview: RAW,
  ...FACTS,
  field: LONG,
  holder: LONG,
})
const workspace = (n: number): AppState['workspaces'][number] => ({
  path: `/home/somebody/projects/project-${n}`,
  name: `project-${n}`,
  waiting: 500,
  delivered: 12_000,
  setAsideCount: 400,
  skippedCount: 100,
  setAside: Array.from({ length: 200 }, (_, i) => endedRow(n, i)),
  skipped: Array.from({ length: 100 }, (_, i) => ({ ...endedRow(n, i), cause: 'superseded' as const })),
  lately: Array.from({ length: 50 }, (_, i) => ({
    id: `d${n}-${i}`,
    at: START,
    method: 'PUT',
    path: `/api/coord/components/project-${n}/component-${i}`,
    note: null,
    ...FACTS,
  })),
  next: Array.from({ length: 50 }, (_, i) => ({
    ...FACTS,
    id: `66306:1837423.${i * 900_000}.0`,
    ts: minutes(1),
    method: null,
    path: null,
    raw: RAW,
  })),
  sending: null,
  owner: 'this',
  problem: null,
  oldestWaiting: START,
})
const count = <T>(n: number, of: (i: number) => T): readonly T[] => Array.from({ length: n }, (_, i) => of(i))

function full(): AppState {
  const locks = count(2_000, lock)
  return reduce(
    buildState({
      messages: count(1_000, message),
      messagesReadAt: START,
      workspaces: count(20, workspace),
      components: count(300, (n) =>
        componentRow.parse({
          project_key: `project-${n % 9}`,
          component: `part-${n}`,
          state: 'built',
          notes: LONG,
        }),
      ),
      workflows: count(40, (n) =>
        workflowRow.parse({ id: n, project_key: 'p', name: LONG, status: 'active' }),
      ),
      workItems: count(400, (n) =>
        workItemRow.parse({ id: n, workflow_id: n % 40, title: LONG, status: 'in_progress' }),
      ),
    }),
    { kind: 'locks.read', rows: locks, unreadable: 0, at: START, skewMs: 0 },
  )
}

describe('a snapshot of 1,000 messages, 2,000 locks and 10,000 calls set aside or waiting', () => {
  const state = full()
  const whole = toSnapshot(state, 1)

  it('is at most 100 kB, of the shape that it should have, and holds no body', () => {
    expect(bytesOf(whole)).toBeLessThanOrEqual(WHOLE_BYTES)
    expect(appSnapshot.safeParse(whole).success).toBe(true)
    expect(whole.totals).toMatchObject({ messages: 1_000, locks: 2_000, waiting: 10_000 })
    expect(JSON.stringify(whole)).not.toContain('x'.repeat(200))
  })

  const changed = (w: AppState['workspaces'][number]): AppEvent => ({
    kind: 'workspace.changed',
    summary: {
      ...w,
      waiting: w.waiting - 1,
      delivered: w.delivered + 1,
      next: w.next.slice(1),
      lately: [
        { id: 'new', at: START, method: 'PUT', path: '/api/coord/x', note: null, ...FACTS },
        ...w.lately,
      ],
    },
  })
  const events: readonly (readonly [string, AppEvent])[] = [
    ['a call delivered', changed(workspace(7))],
    [
      'a message',
      {
        kind: 'messages.read',
        rows: [...count(1_000, message), message(1_001)],
        unreadable: 0,
        at: START,
        skewMs: 0,
      },
    ],
    ['a message seen', { kind: 'message.seen', ids: ['999'] }],
    [
      'a lock released',
      { kind: 'locks.read', rows: count(2_000, lock).slice(1), unreadable: 0, at: START, skewMs: 0 },
    ],
    ['the passing of time', { kind: 'clock.tick', at: START + 30_000 }],
    ['a window in front', { kind: 'window.changed', isOpen: true, isFocused: true }],
  ]
  it.each(events)('%s costs at most 5 kB', (_name, event) => {
    const after = toSnapshot(reduce(state, event), 2)
    const patch = diff(whole, after)
    expect(bytesOf(patch)).toBeLessThanOrEqual(CHANGE_BYTES)
    expect(patch && apply(whole, patch)).toEqual(after)
  })
})
