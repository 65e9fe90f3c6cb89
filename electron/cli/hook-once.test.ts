/** What the hooks of a session do once, however often they are called: hint at a message, wait for an API that hangs. */
import { utimesSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendFact, readRecord } from '../adapters/session-records.ts'
import { restFile } from './hooks/api-rest.ts'
import { HOOK, fakeApi, heard, named, place, type Place, type Ran } from './testing/coord.ts'

let at: Place
beforeEach(() => {
  at = place()
})
afterEach(() => at.remove())
const run = (event: string, more: object = {}, id = 's'): Promise<Ran> =>
  at.coord([event], {
    program: HOOK,
    stdin: JSON.stringify({ session_id: id, cwd: at.project, ...more }),
    env: { CLAUDE_PROJECT_DIR: at.project },
  })
/** The moments at which messages are told in the middle of work. */
const MIDDLE = ['after-tool', 'prompt', 'stop'] as const

describe('a message that is longer than what a hook may show is hinted at once', () => {
  it.each(MIDDLE)('%s, whichever hook comes next', async (event) => {
    const long = { id: 1, from_session: 'F/x', to_session: named('s'), body: 'x'.repeat(3000) }
    const api = await fakeApi((hit) =>
      hit.url.startsWith('/api/coord/messages?') ? { body: [long] } : undefined,
    )
    at.env['COORD_API_URL'] = api.url
    appendFact(at.home, 's', {
      at: Date.now(),
      fact: 'started',
      session: named('s'),
      folder: at.project,
      process: null,
    })
    expect((await heard(() => run(event))).stdout).toContain('1 more message did not fit')
    const asked = (): number => api.hits.filter((hit) => hit.url.startsWith('/api/coord/messages?')).length
    for (const next of MIDDLE) {
      const before = asked()
      let stdout = ''
      // a hook that had no time to ask proves nothing
      await expect
        .poll(
          async () => {
            stdout += (await run(next)).stdout
            return asked()
          },
          { timeout: 60_000 },
        )
        .toBeGreaterThan(before)
      expect(stdout).toBe('')
    }
    // it is unread still
    expect(api.writes()).toEqual([])
    await api.close()
  })

  it('also in the conversation that goes on after a clear', async () => {
    const told = { at: Date.now(), fact: 'shown' as const, message: '1', inPart: true }
    await run('start', { source: 'startup' })
    appendFact(at.home, 's', told)
    await run('end', { reason: 'clear' })
    await run('start', { source: 'clear' }, 'next')
    expect([...(readRecord(at.home, 'next')?.mentioned ?? [])]).toEqual(['1'])
    expect(readRecord(at.home, 'next')?.shown.size).toBe(0)
  })
})

describe('an API that hangs is waited for once', () => {
  let asked = 0
  let hanging: Server
  const sockets = new Set<Socket>()
  beforeEach(async () => {
    asked = 0
    hanging = createServer((socket) => {
      asked++
      sockets.add(socket.on('error', () => undefined))
    })
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve))
    at.env['COORD_API_URL'] = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    hanging.close()
  })
  it.each(['start', ...MIDDLE])('%s: the hooks behind it leave it alone', async (first) => {
    await run(first)
    const before = asked
    for (const next of MIDDLE) {
      // as if no time had gone by, on a busy machine too
      utimesSync(restFile(at.home, at.env['COORD_API_URL'] ?? ''), new Date(), new Date())
      expect(await run(next)).toMatchObject({ code: 0, stdout: '' })
    }
    expect(asked).toBe(before)
  })
  it('and another, of another project, is asked all the same', async () => {
    await run('start')
    const row = { id: 1, from_session: 'F/x', to_session: named('s'), body: 'from the other' }
    const other = await fakeApi((hit) =>
      hit.url.startsWith('/api/coord/messages?') ? { body: [row] } : undefined,
    )
    at.env['COORD_API_URL'] = other.url
    expect((await heard(() => run('after-tool'))).stdout).toContain('| from the other')
    await other.close()
  })
})
