/** F13: no list call reads more rows than it passes over or gives, and none sorts: each goes along an index, whatever is asked for. */
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newest, type ListQuery, type Slice, type Store } from '../store.ts'
import { tempFolder } from '../testing/server.ts'
import { Connection } from './open.ts'
import { openSqliteStore } from './store.ts'

let folder: Awaited<ReturnType<typeof tempFolder>>
let store: Store

beforeEach(async () => {
  folder = await tempFolder()
  const opened = await openSqliteStore(join(folder.path, 'coord.db'))
  if (!opened.ok) throw new Error(opened.error.message)
  store = opened.value
})
afterEach(async () => {
  vi.restoreAllMocks()
  await store.close()
  await folder.remove()
})

/** The statements that something asks, with their values; they are done all the same. */
async function statementsOf(ask: () => Promise<{ readonly ok: boolean }>) {
  const spies = (['iterate', 'get', 'all'] as const).map((name) => vi.spyOn(Connection.prototype, name))
  expect((await ask()).ok).toBe(true)
  const asked = spies.flatMap((spy) => spy.mock.calls)
  vi.restoreAllMocks()
  return asked.filter(([sql]) => /FROM (locks|messages|components|workflows|work_items)\b/.test(sql))
}

/** What SQLite does for a statement, step by step. */
function planOf(sql: string, values: readonly SQLInputValue[]): string[] {
  const db = new DatabaseSync(join(folder.path, 'coord.db'))
  try {
    return db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...values)
      .map((row) => String(row['detail']))
  } finally {
    db.close()
  }
}

const slices = [
  newest(1_000),
  { ...newest(1_000), order: 'oldest' as const },
  { ...newest(10), after: '5', offset: 3 },
  { ...newest(10), isCounted: true },
]
const none = null
type FilterOf<T> = T extends unknown ? Omit<T, keyof Slice> : never
/** With whether the whole table is what was asked for. */
const filters: readonly (readonly [name: string, query: FilterOf<ListQuery>, isAll?: true])[] = [
  ['locks', { kind: 'locks', project: none, resource: none, machine: none }],
  ['locks of a project', { kind: 'locks', project: 'p', resource: none, machine: none }],
  ['locks of a resource', { kind: 'locks', project: none, resource: 'r', machine: none }],
  ['locks of a project’s resource', { kind: 'locks', project: 'p', resource: 'r', machine: none }],
  ['locks of a machine', { kind: 'locks', project: none, resource: none, machine: 'm' }],
  ['components', { kind: 'components', project: none }, true],
  ['components of a project', { kind: 'components', project: 'p' }],
  ['workflows', { kind: 'workflows', project: none, status: none }, true],
  ['workflows of a project', { kind: 'workflows', project: 'p', status: none }],
  ['workflows of a status', { kind: 'workflows', project: none, status: 's' }],
  ['work items', { kind: 'work-items', workflowId: none, project: none, status: none }, true],
  ['work items of a workflow', { kind: 'work-items', workflowId: 'w', project: none, status: none }],
  ['work items of a project', { kind: 'work-items', workflowId: none, project: 'p', status: none }],
  ['messages', { kind: 'messages', to: none, machine: none, project: none, isUnreadOnly: false }, true],
  ['unread messages', { kind: 'messages', to: none, machine: none, project: none, isUnreadOnly: true }],
  ...[false, true].flatMap((isUnreadOnly) =>
    [
      { to: 'M/s', machine: none, project: none },
      { to: 'M/s', machine: none, project: 'p' },
      { to: none, machine: 'm', project: none },
      { to: none, machine: 'm', project: 'p' },
      { to: none, machine: none, project: 'p' },
    ].map((more) => {
      const query = { kind: 'messages' as const, isUnreadOnly, ...more }
      return [`messages ${JSON.stringify(query)}`, query] as const
    }),
  ),
]

test.each(filters)('%s', async (_, filter, isAll) => {
  for (const slice of slices) {
    const asked = await statementsOf(() =>
      store.list({ ...slice, ...(filter as object) } as ListQuery, Date.now(), []),
    )
    expect(asked.length).toBeGreaterThan(0)
    for (const [sql, ...values] of asked) {
      const steps = planOf(sql, values)
      expect(steps.filter((step) => step.includes('TEMP B-TREE'))).toEqual([])
      // In its own order a table, or an index of what is wanted alone, is read from where the page begins.
      const scans = steps.filter((step) => step.startsWith('SCAN') && !step.includes('USING'))
      expect(isAll === true ? [] : scans).toEqual([])
    }
  }
})

test.each([null, 'M/s'])('the overview, for %s', async (session) => {
  const asked = await statementsOf(() => store.overview(session, Date.now(), []))
  expect(asked.length).toBeGreaterThan(3)
  for (const [sql, ...values] of asked)
    expect(planOf(sql, values).filter((step) => step.includes('TEMP B-TREE'))).toEqual([])
})
