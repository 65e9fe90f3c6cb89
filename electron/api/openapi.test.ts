/** The API's own document, and that its answers are as it says. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rows, type RowName } from './row-schemas.ts'
import { call, startServer, tempFolder, type TestServer } from './testing/server.ts'

let folder: Awaited<ReturnType<typeof tempFolder>>
let server: TestServer
beforeAll(async () => {
  folder = await tempFolder()
  server = await startServer(join(folder.path, 'coord.db'))
})
afterAll(async () => {
  await server.stop()
  await folder.remove()
})
const api = (method: string, path: string, body?: unknown) => call(server.url, method, path, body)

test('the document names every call that there is, with its fields, and no reference leads nowhere', async () => {
  const { body: document, text } = await api('GET', '/api/coord/openapi.json')
  expect(document.openapi).toBe('3.1.0')
  for (const [path, methods] of Object.entries(document.paths as Record<string, object>))
    for (const method of Object.keys(methods)) {
      const answer = await api(
        method.toUpperCase() === 'GET' ? 'HEAD' : 'OPTIONS',
        path.replace(/\{\w+\}/g, 'x'),
      ).catch(() => undefined)
      expect([path, answer === undefined || answer.status !== 404 || path.includes('{')]).toEqual([
        path,
        true,
      ])
    }
  const claim = document.paths['/api/coord/locks'].post.requestBody.content['application/json'].schema
  expect(claim.required).toEqual(['project_key', 'session_id', 'resource'])
  const parameters = document.paths['/api/coord/messages'].get.parameters.map((p: { name: string }) => p.name)
  expect(parameters).toEqual(
    expect.arrayContaining(['to_session', 'for_machine', 'unread_only', 'limit', 'after', 'order', 'count']),
  )
  for (const [, name = ''] of text.matchAll(/#\/components\/schemas\/(\w+)/g))
    expect(Object.keys(document.components.schemas)).toContain(name)
})

test('what is answered is as the document says, field by field', async () => {
  const is = (name: RowName, answer: { body: unknown }): void => {
    const schema = rows[name]
    expect(schema.safeParse(answer.body).error).toBe(undefined)
    if ('strict' in schema && name !== 'Health' && name !== 'Problem')
      expect(Object.keys(answer.body as object).filter((field) => !(field in schema.shape))).toEqual([])
  }
  const lock = await api('POST', '/api/coord/locks', { project_key: 'p', session_id: 'M/a', resource: 'r' })
  is('Lock', lock)
  is('Problem', await api('POST', '/api/coord/locks', { project_key: 'p', session_id: 'M/b', resource: 'r' }))
  is('Lock', { body: (await api('GET', '/api/coord/locks')).body[0] })
  is('Lock', await api('PUT', `/api/coord/locks/${lock.body.id}/renew?session_id=M%2Fa`))
  is('Released', await api('DELETE', `/api/coord/locks/${lock.body.id}?session_id=M%2Fa`))
  is('Component', await api('PUT', '/api/coord/components/p/c', { state: 's' }))
  const workflow = await api('POST', '/api/coord/workflows', { project_key: 'p', name: 'w' })
  is('Workflow', workflow)
  is('WorkItem', await api('POST', '/api/coord/work-items', { workflow_id: workflow.body.id, title: 't' }))
  const message = await api('POST', '/api/coord/messages', { from_session: 'M/a', subject: 's' })
  is('Message', message)
  is('Message', await api('PUT', `/api/coord/messages/${message.body.id}/read?session_id=M%2Fa`))
  is('Receipt', { body: (await api('GET', `/api/coord/messages/${message.body.id}/receipts`)).body[0] })
  is('Health', await api('GET', '/health'))
})

test('a browser is told what this is, without any script; a program gets JSON', async () => {
  const page = await fetch(server.url, { headers: { accept: 'text/html,application/xhtml+xml' } })
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  const text = await page.text()
  expect(text).toContain('/api/coord/openapi.json')
  expect(text).toContain('<strong>ok</strong>')
  expect(text).not.toContain('<script')
  for (const path of ['/', '/api/coord', '/api/coord/'])
    expect((await api('GET', path)).body).toMatchObject({ service: 'coord', status: 'ok' })
})
