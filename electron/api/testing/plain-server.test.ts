import { expect, test } from 'vitest'
import { startPlainServer } from './plain-server.ts'
import { call } from './server.ts'

test('the stand-in knows no extension, and ends its lists without a word', async () => {
  const server = await startPlainServer({ cap: 3 })
  try {
    for (let n = 0; n < 5; n++)
      await call(server.url, 'POST', '/api/coord/messages', { from_session: 'M/a', subject: String(n) })
    const page = await call(server.url, 'GET', '/api/coord/messages?limit=2&order=newest&for_machine=X')
    expect(page.body.map((m: { subject: string }) => m.subject)).toEqual(['0', '1', '2'])
    for (const header of ['link', 'x-total-count', 'etag']) expect(page.headers.get(header)).toBe(null)
    expect((await call(server.url, 'GET', '/health')).body).toEqual({ status: 'ok', database: 'connected' })
    const claim = { project_key: 'p', session_id: 'M/a', resource: 'r' }
    const { body: lock } = await call(server.url, 'POST', '/api/coord/locks', claim)
    expect((await call(server.url, 'POST', '/api/coord/locks', claim)).status).toBe(409)
    expect((await call(server.url, 'PUT', `/api/coord/locks/${lock.id}/renew?session_id=M/a`)).status).toBe(
      405,
    )
    expect((await call(server.url, 'GET', '/api/coord/events')).status).toBe(405)
    await call(server.url, 'DELETE', '/api/coord/locks?session_id=M/a&release_all=true')
    expect(server.rows('locks')).toEqual([])
    expect(server.requests).toHaveLength(12)
  } finally {
    await server.stop()
  }
})
