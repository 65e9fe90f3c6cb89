/** Changes that share a commit: what one of them meets is no other's. */
import { expect, test } from 'vitest'
import { openTestStore } from '../testing/store.ts'
import { tempFolder } from '../testing/server.ts'
import type { Change } from '../store.ts'
import { join } from 'node:path'

const claim = (resource: string, actors: readonly string[] = []): Change => ({
  kind: 'lock.claim',
  project: 'p',
  session: `M/${resource}`,
  resource,
  description: null,
  ttlHours: 2,
  actors,
})

test('a change that fails by a bug after it wrote leaves nothing, and takes none of its commit along', async () => {
  const folder = await tempFolder()
  const store = await openTestStore(join(folder.path, 'coord.db'))
  const at = Date.now()
  const broken = null as unknown as readonly string[]
  const ends = await Promise.allSettled([
    store.write(claim('a'), at, { key: 'k-a', fingerprint: 'f' }),
    store.write(claim('bad', broken), at, { key: 'k-bad', fingerprint: 'f' }),
    store.write(claim('b'), at, null),
    store.write(claim('worse', broken), at, null),
    store.write(claim('a'), at, null),
  ])
  const said = ends.map((end) =>
    end.status === 'rejected' ? 'bug' : end.value.ok ? end.value.value.status : end.value.error.code,
  )
  expect(said).toEqual([201, 'bug', 201, 'bug', 200])
  const listed = await store.list(
    {
      kind: 'locks',
      project: null,
      resource: null,
      machine: null,
      limit: 10,
      offset: 0,
      after: null,
      order: 'oldest',
      isCounted: false,
    },
    at,
    [],
  )
  const rows = listed.ok && !listed.value.isUnchanged ? JSON.parse(listed.value.value.rows) : []
  expect(rows.map((row: { resource: string }) => row.resource)).toEqual(['a', 'b'])
  const again = await store.write(claim('a'), at, { key: 'k-a', fingerprint: 'f' })
  expect(again).toMatchObject({ ok: true, value: { status: 201, isAgain: true } })
  await store.close()
  await folder.remove()
})
