import { describe, expect, it } from 'vitest'
import { ok } from '../../../shared/result.ts'
import type { LockRow } from '../../../shared/wire.ts'
import { buildLock, START } from '../testing/build.ts'
import { SimulatedClock } from '../../testing/machine/clock.ts'
import { answer, createFakeConnection } from '../../testing/machine/connection.ts'
import { UNKNOWN_SERVER } from './connection-port.ts'
import { createLockActions } from './release-locks.ts'

const CAP = 100

/** A server that ends each list at `cap` rows and takes every release. */
function build(
  held: LockRow[],
  over: { cap?: number; known?: readonly LockRow[]; sessions?: readonly string[] } = {},
) {
  const connection = createFakeConnection()
  const lines: string[] = []
  const server = { held }
  connection.onGet = (path) => {
    const query = new URLSearchParams(path.split('?')[1] ?? '')
    const [project, resource] = [query.get('project_key'), query.get('resource')]
    if (!path.startsWith('/api/coord/locks')) return answer(200, [])
    const rows = server.held.filter(
      (l) => (!project || l.project_key === project) && (!resource || l.resource === resource),
    )
    return answer(200, rows.slice(0, over.cap ?? 1e9))
  }
  connection.onSend = ({ path }) => {
    const [bare = '', query = ''] = path.split('?')
    const id = decodeURIComponent(bare.split('/')[4] ?? '')
    const session = new URLSearchParams(query).get('session_id')
    const before = server.held.length
    server.held = server.held.filter((l) => l.session_id !== session || (id !== '' && l.id !== id))
    return answer(200, { released: before - server.held.length })
  }
  const actions = createLockActions({
    connection,
    enqueue: (line) => {
      lines.push(line)
      return Promise.resolve(ok(null))
    },
    enqueueSync: () => ok(null),
    clock: new SimulatedClock({ start: START }),
    machine: () => ({ name: 'DESK', aliases: ['OLD-DESK'] }),
    known: () => over.known ?? [],
    sessions: () => over.sessions ?? [],
    actor: () => 'DESK/coord',
  })
  return { actions, connection, lines, server }
}
const others = (n: number): LockRow[] =>
  Array.from({ length: n }, (_, i) => buildLock(`o${i}`, { session_id: 'OTHER/a', resource: `o${i}` }))

describe('releasing against a server that ends its lists early', () => {
  it('a known lock is released and read back by its own question, though the list does not show it', async () => {
    const mine = buildLock('m', { session_id: 'DESK/b', resource: 'mine' })
    const { actions, server } = build([...others(CAP), mine], { cap: CAP, known: [mine] })
    expect(await actions.release('m', false)).toEqual({ released: 1, queued: 0, refused: [] })
    expect(server.held).not.toContainEqual(mine)
  })

  it('a lock that is still held though the API said otherwise is not called released', async () => {
    const mine = buildLock('m', { session_id: 'DESK/b', resource: 'mine' })
    const { actions, connection } = build([...others(CAP), mine], { cap: CAP, known: [mine] })
    connection.onSend = () => answer(200, {})
    expect(await actions.release('m', false)).toMatchObject({ released: 0, refused: [{ id: 'm' }] })
  })

  it('releasing all of this machine reaches locks that no list shows, by the names of its sessions', async () => {
    const hidden = buildLock('h', { session_id: 'DESK/hidden', resource: 'h' })
    const { actions, server } = build([...others(CAP), hidden], {
      cap: CAP,
      sessions: ['DESK/hidden', 'OTHER/a'],
    })
    await actions.releaseAll()
    expect(server.held.map((l) => l.session_id)).not.toContain('DESK/hidden')
    expect(server.held.length).toBe(CAP)
  })

  it('a known lock that a cut list does not show counts as held, not as released by somebody else', async () => {
    const { actions, connection } = build(others(CAP), {
      cap: CAP,
      known: [buildLock('m', { resource: 'gone' })],
    })
    await actions.release('m', false)
    expect(connection.sent.length).toBe(1)
  })
})

describe('releasing', () => {
  it('this machine has locks under each of its names', async () => {
    const { actions, server } = build([
      buildLock('a'),
      buildLock('b', { session_id: 'old-desk/x' }),
      ...others(1),
    ])
    expect(await actions.releaseAll()).toEqual({ released: 2, queued: 0, refused: [] })
    expect(server.held.map((l) => l.id)).toEqual(['o0'])
  })

  it('an id beyond 2^53 names its own lock, whatever its JSON type', async () => {
    const { actions, connection } = build([])
    connection.onGet = () =>
      ({
        ...(answer(200, []) as object),
        text: '[{"id":1783726489912345601,"session_id":"DESK/b","project_key":"p","resource":"r"}]',
      }) as ReturnType<typeof answer>
    await actions.release('1783726489912345601', false)
    expect(connection.sent.map((c) => c.path)).toEqual([
      '/api/coord/locks/1783726489912345601?session_id=DESK%2Fb',
    ])
  })

  it.each([
    [new Set(['if_stale'] as const), '&if_stale=true&released_by=DESK%2Fcoord'],
    [new Set<never>(), ''],
  ])(
    'a stale lock of another machine is forced safely where the server knows how',
    async (extensions, more) => {
      const stale = buildLock('s', { session_id: 'OTHER/a', acquired_at: '2025-12-31T00:00:00Z' })
      const { actions, connection } = build([stale])
      connection.facts = { ...UNKNOWN_SERVER, extensions }
      expect(await actions.release('s', true)).toMatchObject({ released: 1 })
      expect(connection.sent.map((c) => c.path)).toEqual([`/api/coord/locks/s?session_id=OTHER%2Fa${more}`])
    },
  )

  it('a live lock of another machine is not released, forced or not', async () => {
    const live = buildLock('l', { session_id: 'OTHER/a' })
    for (const force of [false, true]) {
      const { actions, connection } = build([live])
      expect(await actions.release('l', force)).toMatchObject({
        released: 0,
        refused: [{ id: 'l', holder: 'OTHER/a' }],
      })
      expect(connection.sent).toEqual([])
    }
  })
})
