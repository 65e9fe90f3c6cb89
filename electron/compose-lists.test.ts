/** The joined engine against long lists: a server of ours with its pages, and one that ends each list at 100 rows. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startPlainServer } from './api/testing/plain-server.ts'
import { compose, type Composed } from './compose.ts'

let dir: string
let composed: Composed | undefined
beforeEach(() => (dir = realpathSync(mkdtempSync(join(tmpdir(), 'coord-lists-')))))
afterEach(async () => {
  await composed?.stop()
  composed = undefined
  rmSync(dir, { recursive: true, force: true })
})
const start = (url: string): Composed => {
  composed = compose({
    env: { COORD_HOME: join(dir, 'home'), COORD_API_URL: url, COORD_MACHINE: 'DESK', HOME: dir },
    cliFile: '/nowhere',
    raisesNotifications: true,
  })
  void composed.start()
  return composed
}
const time = '2026-01-01T00:00:00Z'

describe.each([
  ['that knows no extension and ends its lists at 100 rows', { cap: 100 }, true],
  ['with offsets', { cap: 100, hasOffsets: true }, false],
  ['without a cap', { cap: Infinity }, false],
] as const)('an engine joined to a server %s', (_, options, isCapped) => {
  it.each([1_001, 10_001])(
    'sees the newest message and lock behind %i others, and releases all of its own on quitting',
    async (n) => {
      const api = await startPlainServer(options)
      try {
        for (let i = 0; i < n; i++) {
          api
            .rows('locks')
            .push({ id: i, project_key: 'p', session_id: 'OTHER/a', resource: `r${i}`, acquired_at: time })
          api.rows('messages').push({
            id: i,
            from_session: 'OTHER/a',
            to_session: `OTHER/${i}`,
            subject: 's',
            created_at: time,
            read_at: null,
          })
        }
        api.rows('components').push({ project_key: 'mine', component: 'c', state: 'built' })
        const lock = {
          id: 'mine',
          project_key: 'mine',
          session_id: 'DESK/claude-main',
          resource: 'x',
          acquired_at: time,
        }
        api.rows('locks').push(lock)
        const message = {
          id: 'new',
          from_session: 'OTHER/a',
          to_session: 'DESK/claude-main',
          subject: 'new',
          created_at: time,
          read_at: null,
        }
        api.rows('messages').push(message)

        const { engine } = start(api.url)
        await vi.waitFor(
          () => {
            expect(engine.state().messages.map((m) => m.id)).toEqual(['new'])
            expect(engine.state().locks.some((l) => l.id === 'mine')).toBe(true)
          },
          { timeout: 20_000, interval: 100 },
        )
        const said = Object.values(engine.state().faults).filter((fault) => fault.kind === 'list-capped')
        expect(said.length > 0).toBe(isCapped)

        await engine.handlers['app.quit']({ choice: 'release', remember: false })
        await vi.waitFor(() => expect(api.rows('locks').some((l) => l['id'] === 'mine')).toBe(false), {
          timeout: 10_000,
        })
        expect(api.rows('locks').length).toBe(n)
      } finally {
        await composed?.stop()
        composed = undefined
        await api.stop()
      }
    },
    60_000,
  )
})
