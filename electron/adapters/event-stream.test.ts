/** The stream of changes, from the real server. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { call, startServer, tempFolder, type TestServer } from '../api/testing/server.ts'
import type { StreamEvent } from '../core/engine/listener.ts'
import { createEventStream } from './event-stream.ts'

let server: TestServer
let folder: Awaited<ReturnType<typeof tempFolder>>
beforeEach(async () => {
  folder = await tempFolder()
  server = await startServer(join(folder.path, 'api.db'))
})
afterEach(async () => {
  await server.stop('SIGKILL')
  await folder.remove()
})

function listen(url: string | null, query = '') {
  const events: StreamEvent[] = []
  const ends: string[] = []
  let beats = 0
  const close = createEventStream(() => (url === null ? null : { url, headers: {} })).open(query, {
    onEvent: (event) => events.push(event),
    onBeat: () => beats++,
    onEnd: (why) => ends.push(why),
  })
  return { events, ends, close, beats: () => beats }
}
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 120_000, interval: 5 })

describe('the stream of changes', () => {
  it('says when it is heard, then each change, soon; and that the server went', async () => {
    const t = listen(server.url)
    await until(() => expect(t.events).toEqual([{ name: 'ready', kind: null }]))
    const row = { from_session: 'A/x', to_session: 'B/y', project_key: 'p', subject: 's', body: 'b' }
    expect((await call(server.url, 'POST', '/api/coord/messages', row)).status).toBeLessThan(300)
    await until(() => expect(t.events.at(-1)).toEqual({ name: 'change', kind: 'messages' }))
    expect([t.beats() > 1, t.ends]).toEqual([true, []])
    await server.stop('SIGKILL')
    await until(() => expect(t.ends).toHaveLength(1))
    t.close()
    expect(t.ends).toHaveLength(1)
  })

  it('closed from here it says nothing more', async () => {
    const t = listen(server.url)
    await until(() => expect(t.events).toHaveLength(1))
    t.close()
    await call(server.url, 'POST', '/api/coord/locks', { project_key: 'p', session_id: 'A/x', resource: 'r' })
    await new Promise((done) => setTimeout(done, 200))
    expect([t.events.length, t.ends]).toEqual([1, []])
  })

  it('ends once where there is no stream: another answer, nobody, nowhere', async () => {
    const other = createServer((_req, res) => res.end('{}')).listen(0, '127.0.0.1')
    await new Promise((done) => other.once('listening', done))
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    const answered = listen(url)
    await until(() => expect(answered.ends).toEqual(['it answered 200']))
    await new Promise((done) => other.close(done))
    const refused = listen(url)
    await until(() => expect(refused.ends).toHaveLength(1))
    expect(listen(null).ends).toHaveLength(1)
  })
})
