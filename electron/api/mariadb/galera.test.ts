/** Servers on two nodes of a Galera cluster of three: the same races and events; a node killed, and the network cut, under load. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resourcesOverlap } from '../../../shared/resource-overlap.ts'
import { NO_GALERA, startGalera, type GaleraCluster } from '../testing/galera.ts'
import { listenTo } from '../testing/listener.ts'
import { call, eachOf, readAll, startServer, type TestServer } from '../testing/server.ts'

const ROUNDS = process.env.COORD_LONG ? 60 : 8
const CHANGES = process.env.COORD_LONG ? 2_000 : 300
const RESOURCES = ['src/', 'src/a.rs', 'src/*.rs', 'src/api/', 'src/api/x.rs', 'docs/']

if (NO_GALERA !== undefined) process.stderr.write(`${NO_GALERA}\n`)
const sleep = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms))

describe.skipIf(NO_GALERA !== undefined)('on a Galera cluster', () => {
  let cluster: GaleraCluster
  let servers: TestServer[] = []
  const urlOf = (n: number): string => servers[n % servers.length]?.url ?? ''

  beforeAll(async () => {
    cluster = await startGalera(3)
    // One after the other: the tables are made once.
    for (const node of cluster.nodes.slice(0, 2)) servers = [...servers, await startServer(node.address)]
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
    await cluster?.remove()
  })

  /** Sent again where nobody knows, as an outbox does it. */
  async function until<T extends { status: number }>(ask: () => Promise<T>): Promise<T> {
    for (let left = 300; ; left--) {
      const answer = await ask()
      if (answer.status !== 503) return answer
      if (left === 0) throw new Error(`only 503: ${JSON.stringify(answer)}`)
      await sleep(100)
    }
  }

  test('clients of both claim overlapping resources: nothing that overlaps is held by two, and both say the same', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const project_key = `race${round % 2}`
      const answers = await Promise.all(
        Array.from({ length: 32 }, (_, n) =>
          call(urlOf(n), 'POST', '/api/coord/locks', {
            project_key,
            session_id: `M/${n}`,
            resource: RESOURCES[(n + round) % RESOURCES.length],
          }),
        ),
      )
      // 503 at worst: the nodes may meet too often.
      expect(answers.map((a) => a.status).filter((status) => ![201, 409, 503].includes(status))).toEqual([])
      const lists = await Promise.all(
        servers.map((s) => call(s.url, 'GET', `/api/coord/locks?project_key=${project_key}`)),
      )
      const [held, other] = lists.map((list) => list.body)
      expect(other).toEqual(held)
      expect(held.length).toBeGreaterThan(0)
      for (const a of held)
        for (const b of held) if (a.id !== b.id) expect(resourcesOverlap(a.resource, b.resource)).toBe(false)
      for (const a of answers.filter((one) => one.status === 201))
        expect(held.map((lock: { id: string }) => lock.id)).toContain(a.body.id)
      for (const lock of held)
        await until(() =>
          call(urlOf(round), 'DELETE', `/api/coord/locks/${lock.id}?session_id=${lock.session_id}`),
        )
    }
  })

  test('one key to both nodes at once: one effect', async () => {
    for (let round = 0; round < 5; round++) {
      const body = { from_session: 'M/a', project_key: `keyed${round}`, subject: 's' }
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          until(() =>
            call(urlOf(n), 'POST', '/api/coord/messages', body, { 'idempotency-key': `k${round}` }),
          ),
        ),
      )
      expect(answers.map((a) => a.status)).toEqual(answers.map(() => 201))
      expect(new Set(answers.map((a) => a.text)).size).toBe(1)
      const list = await call(urlOf(round), 'GET', `/api/coord/messages?project_key=keyed${round}`)
      expect(list.body).toHaveLength(1)
    }
  })

  test('what was acknowledged through one is seen through the other, also while its node is behind', async () => {
    const behind = await cluster.nodes[1]?.open()
    for (let round = 0; round < 3; round++) {
      await behind?.query('FLUSH TABLES WITH READ LOCK')
      const body = { from_session: 'M/a', project_key: 'seen', subject: String(round) }
      const sent = await until(() => call(urlOf(0), 'POST', '/api/coord/messages', body))
      const seeing = until(() => call(urlOf(1), 'GET', '/api/coord/messages?project_key=seen&limit=1'))
      await sleep(300)
      await behind?.query('UNLOCK TABLES')
      expect((await seeing).body).toMatchObject([{ id: sent.body.id }])
    }
    behind?.destroy()
  })

  test('the fence of a resource grows with each claim, whichever node gives it', async () => {
    let before = 0
    for (let n = 0; n < 30; n++) {
      // Two through one, then two through the other: each node's numbers run by themselves.
      const through = urlOf(n >> 1)
      const claim = { project_key: 'fence', session_id: `M/${n}`, resource: 'r' }
      const lock = await until(() => call(through, 'POST', '/api/coord/locks', claim))
      expect(lock.status).toBe(201)
      expect(lock.body.fence).toBeGreaterThan(before)
      before = lock.body.fence
      const { id } = lock.body
      await until(() => call(urlOf(n), 'DELETE', `/api/coord/locks/${id}?session_id=M/${n}`))
    }
  })

  test('changes through both arrive at the listeners of both, though numbers leap and commits are in no order', async () => {
    const listeners = await Promise.all(servers.map((server) => listenTo(server.url)))
    const sent = new Set<unknown>()
    await eachOf(CHANGES, async (n) => {
      const body = { from_session: 'M/a', project_key: 'told', subject: String(n) }
      const answer = await until(() =>
        call(urlOf(n), 'POST', '/api/coord/messages', body, { 'idempotency-key': `told${n}` }),
      )
      sent.add(answer.body.id)
    })
    for (const listener of listeners) {
      // Who does not take them as fast as they come is told to read the lists.
      await listener.until((heard) => {
        const told = new Set(heard.map(({ data }) => data['id']))
        return heard.some(({ event }) => event === 'resync') || [...sent].every((id) => told.has(id))
      })
      const told = listener.heard.filter((h) => h.event === 'change').map((h) => h.data['id'])
      expect(told).toHaveLength(new Set(told).size)
      listener.close()
    }
  })

  test('a node killed and back, one that stands still, and the network cut, under load: nothing acknowledged is lost, 503 at worst @long', async () => {
    const accepted = new Map<string, string>()
    const statuses = new Set<number>()
    let isOver = false
    const writers = Array.from({ length: 6 }, async (_, w) => {
      for (let n = 0; !isOver; n++) {
        const subject = `${w}-${n}`
        for (let isTaken = false; !isTaken && !isOver;) {
          const answer = await call(
            urlOf(w),
            'POST',
            '/api/coord/messages',
            { from_session: 'M/a', project_key: 'kill', subject },
            { 'idempotency-key': subject },
          )
          statuses.add(answer.status)
          isTaken = answer.status === 201
          if (isTaken) accepted.set(subject, answer.body.id)
          else await sleep(100)
        }
      }
    })
    const more = async (n: number): Promise<void> => {
      const before = accepted.size
      for (let left = 600; accepted.size < before + n; left--) {
        if (left === 0) throw new Error('nothing is taken any more')
        await sleep(100)
      }
    }
    const [, second, third] = cluster.nodes
    await more(50)
    await second?.stop('SIGKILL')
    await more(50)
    await second?.start()
    await second?.untilSynced(3)
    await more(50)
    third?.signal('SIGSTOP')
    await more(20)
    third?.signal('SIGCONT')
    await third?.untilSynced(3)
    await more(20)
    // Both still see the third.
    cluster.cut(0, 1)
    await more(50)
    cluster.join(0, 1)
    await more(20)
    // The first is alone: its server says so, the other one's goes on.
    cluster.cut(0, 1)
    cluster.cut(0, 2)
    await expect
      .poll(async () => (await call(urlOf(0), 'GET', '/health')).body)
      .toMatchObject({ status: 'degraded' })
    await more(50)
    cluster.join(0, 1)
    cluster.join(0, 2)
    for (const node of cluster.nodes) await node.untilSynced(3)
    await more(50)
    isOver = true
    await Promise.all(writers)
    expect([...statuses].sort()).toEqual([201, 503])
    for (const server of servers) {
      const rows = await readAll(server.url, '/api/coord/messages?project_key=kill')
      const there = new Map(rows.map((row) => [row.subject, row.id]))
      expect(there.size).toBe(rows.length)
      for (const [subject, id] of accepted) expect(there.get(subject)).toBe(id)
    }
  })
})
