/** A database that an earlier version wrote opens, with every row in its place. */
import { serveHere } from '../testing/serving.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { call, tempFolder } from '../testing/server.ts'

test('a database of version 1 opens: rows, marks, keys and refusals are as they were', async () => {
  const folder = await tempFolder()
  const databaseFile = join(folder.path, 'coord.db')
  const old = new DatabaseSync(databaseFile)
  old.exec('PRAGMA journal_mode = WAL')
  old.exec(readFileSync(join(import.meta.dirname, 'testing/version-1.sql'), 'utf8'))
  const { at } = old.prepare('SELECT max(created_at) AS at FROM messages').get() as { at: number }
  old.close()
  const served = await serveHere({
    database: databaseFile,
    now: () => at,
  })
  const get = async (path: string) => (await call(served.url, 'GET', `/api/coord${path}`)).body
  try {
    expect(await get('/locks')).toMatchObject([
      { resource: 'src/a.rs', session_id: 'M/a', fence: 1, refused: [{ session_id: 'M/b' }] },
    ])
    expect(await get('/components')).toMatchObject([{ component: 'server', state: 'deployed', version: '1' }])
    expect(await get('/workflows')).toMatchObject([{ name: 'w', status: 'planning' }])
    expect(await get('/work-items')).toMatchObject([{ title: 't', priority: 10, assignee: null }])
    expect(await get('/messages?order=oldest')).toMatchObject([
      { subject: 'direct', body: 'b \ud800 lone', reply_to: null, expires_at: null },
      { subject: 'to all' },
      { subject: 'read', read_at: expect.any(String) },
    ])
    expect(await get('/messages?to_session=m%2Fa&unread_only=true')).toMatchObject([{ subject: 'direct' }])
    expect((await get('/status?session_id=M%2Fa')).unread_count).toBe(1)
    expect((await get('/status')).unread_count).toBe(2)
    const message = {
      from_session: 'M/x',
      to_session: 'M/a',
      project_key: 'p',
      subject: 'direct',
      body: 'b \ud800 lone',
    }
    const again = await call(served.url, 'POST', '/api/coord/messages', message, {
      'idempotency-key': 'k1',
    })
    expect(again.status).toBe(201)
    expect(await get('/messages')).toHaveLength(3)
  } finally {
    await served.close()
  }
  const db = new DatabaseSync(databaseFile)
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  db.close()
  await folder.remove()
})
