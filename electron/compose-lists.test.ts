/** The joined engine against long lists of every kind: it sees the newest row of each, says what it cannot see, and releases all. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAKES, ME, MINE, NEWEST, type LongServer } from './api/testing/long-lists.ts'
import { compose, type Composed } from './compose.ts'

const ROWS = process.env.COORD_LONG ? [1_001, 10_001] : [1_001]
const LIMIT = { timeout: 60_000, interval: 100 }

let dir: string
let composed: Composed | undefined
let api: LongServer | undefined
beforeEach(() => (dir = realpathSync(mkdtempSync(join(tmpdir(), 'coord-lists-')))))
afterEach(async () => {
  await composed?.stop()
  await api?.stop()
  composed = undefined
  api = undefined
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
})

function start(url: string): Composed['engine'] {
  composed = compose({
    env: { COORD_HOME: join(dir, 'home'), COORD_API_URL: url, COORD_MACHINE: 'DESK', HOME: dir },
    cliFile: '/nowhere',
    raisesNotifications: true,
  })
  const { engine } = composed
  void composed.start()
  return engine
}

describe.each(MAKES)('an engine joined to a server $name', ({ start: serve, isCapped }) => {
  /** An engine that has seen locks of its own. */
  async function holding(mine: number) {
    const server = (api = await serve({ others: 3, mine }))
    const engine = start(server.url)
    await vi.waitFor(() => expect(engine.state().locks.some((l) => l.project_key === MINE)).toBe(true), LIMIT)
    return { server, engine }
  }

  it.each(ROWS)(
    'sees the newest lock, message, component, workflow and work item behind %i others of each, and releases on quitting',
    async (others) => {
      const server = (api = await serve({ others }))
      const engine = start(server.url)
      engine.dispatch({ kind: 'window.changed', isOpen: true, isFocused: true })
      const named = (rows: readonly object[], field: string): boolean =>
        rows.some((row) => (row as Record<string, unknown>)[field] === NEWEST)
      await vi.waitFor(() => {
        const { messages, locks, components, workflows, workItems } = engine.state()
        expect(messages.map((m) => m.subject)).toEqual([NEWEST])
        expect({
          locks: named(locks, 'resource'),
          components: named(components, 'component'),
          workflows: named(workflows, 'name'),
          items: isCapped || named(workItems, 'title'),
        }).toEqual({ locks: true, components: true, workflows: true, items: true })
        // All of them, where the server lets them be had.
        const most = [locks, components, workflows].map((rows) => rows.length)
        if (!isCapped) expect(most).toEqual([others + 1, others + 1, others + 1])
      }, LIMIT)
      const said = Object.values(engine.state().faults).filter((fault) => fault.kind === 'list-capped')
      expect(said.length > 0).toBe(isCapped)
      expect(new Set(engine.state().locks.map((lock) => lock.session_id)).has(ME)).toBe(true)

      await engine.handlers['app.quit']({ choice: 'release', remember: false })
      await vi.waitFor(async () => expect(await server.held(ME)).toBe(0), LIMIT)
      expect(await server.held(`OTHER/s${others - 1}`)).toBe(1)
    },
    120_000,
  )

  it.each(ROWS)(
    'releases all of %i locks of its own',
    async (mine) => {
      const { server, engine } = await holding(mine)
      const done = await engine.handlers['machine.releaseAll'](null)
      expect(done).toMatchObject({ ok: true, value: { queued: 0, refused: [] } })
      expect(await server.held(ME)).toBe(0)
      expect(await server.held('OTHER/s2')).toBe(1)
    },
    120_000,
  )

  it.each(ROWS)(
    'releases all of %i locks of its own on quitting, though there is little time',
    async (mine) => {
      const { server, engine } = await holding(mine)
      await engine.handlers['app.quit']({ choice: 'release', remember: false })
      await vi.waitFor(async () => expect(await server.held(ME)).toBe(0), LIMIT)
      expect(server.releases?.() ?? 0).toBeLessThan(5)
    },
    120_000,
  )
})
