/** The rules are written twice: whatever is called, in whatever order, both databases answer the same. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseNameOf, NO_MARIADB, startMariaDb, type TestDatabaseServer } from '../testing/mariadb.ts'
import { call, startServer, tempFolder, type TestServer } from '../testing/server.ts'

const RUNS = process.env.COORD_LONG ? 30 : 3
const STEPS = 250
/** How many of the latest ids are asked for again. */
const RECENT = 12

interface Step {
  /** `LATER`: three hours go by for every held lock. */
  readonly method: string
  /** `{n}` is the id that the n-th answer before gave on that side. */
  readonly path: string
  readonly body?: Record<string, unknown>
  readonly headers?: Record<string, string>
}

const one = <T>(...of: T[]): fc.Arbitrary<T> => fc.constantFrom(...of)
const session = one('M/a', 'm/a', 'M/A', 'N/b', 'N/c', 'lonely', 'Ü/\ud800')
const resource = one(
  'src/',
  'src/a.rs',
  './src//a.rs',
  'src/*.rs',
  'src',
  '/',
  '**',
  'a\u0308',
  'ä',
  'r',
  'r ',
  'R',
  '\ud800x',
)
const word = one('s', 'planning', 'completed', 'in_progress', 'pending', 'ß', "'")
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
const id = fc.nat(RECENT).map((n) => `{${n}}`)
const key = maybe(one('k1', 'k2', '"k1"', 'k3')).map((k) => (k === undefined ? {} : { 'idempotency-key': k }))
const project = one('p', 'P', 'p ', 'q')
/** A URL carries no lone surrogates. */
const enc = (text: string): string => encodeURIComponent(text.toWellFormed())
const query = (fields: Record<string, unknown>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${enc(String(value))}`)
    .join('&')

const record = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(fields)
const post = (path: string, fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Step> =>
  fc.tuple(record(fields), key).map(([body, headers]) => ({ method: 'POST', path, body, headers }))
const get = (path: string, fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Step> =>
  record(fields).map((q) => ({ method: 'GET', path: `${path}?${query(q)}` }))

const paging = {
  limit: maybe(one(1, 2, 3, 1000)),
  order: maybe(one('oldest', 'newest')),
  offset: maybe(one(0, 1, 2)),
  count: maybe(one('true')),
}

const steps: fc.Arbitrary<Step>[] = [
  fc.constant({ method: 'LATER', path: '' }),
  post('/locks', {
    project_key: project,
    session_id: session,
    resource,
    description: maybe(word),
    ttl_hours: one(0, 1, 2, 500),
  }),
  post('/locks', { project_key: project, session_id: session, resource, ttl_hours: one(2) }),
  record({ id, session_id: session }).map((s) => ({
    method: 'PUT',
    path: `/locks/${s.id}/renew?session_id=${enc(s.session_id)}`,
  })),
  record({ id, session_id: session, if_stale: maybe(one('true')), released_by: maybe(session) }).map(
    ({ id: of, ...q }) => ({
      method: 'DELETE',
      path: `/locks/${of}?${query(q)}`,
    }),
  ),
  session.map((s) => ({ method: 'DELETE', path: `/locks?session_id=${enc(s)}&release_all=true` })),
  fc
    .tuple(
      record({
        project_key: project,
        component: resource,
        state: word,
        version: maybe(word),
        notes: maybe(word),
        updated_by: maybe(session),
      }),
      maybe(
        one(
          '2020-01-01T00:00:00Z',
          '2021-01-01T00:00:00.5Z',
          '2999-01-01T00:00:00Z',
          '1644-03-15T00:00:00Z',
          'no time',
        ),
      ),
      key,
    )
    .map(([body, at, keyed]) => ({
      method: 'PUT',
      path: '/components',
      body,
      headers: { ...keyed, ...(at === undefined ? {} : { 'x-coord-queued-at': at }) },
    })),
  post('/workflows', {
    project_key: project,
    name: word,
    description: maybe(word),
    status: maybe(word),
    created_by: maybe(session),
  }),
  post('/work-items', {
    workflow_id: id,
    project_key: maybe(project),
    title: word,
    status: maybe(word),
    priority: maybe(one<unknown>(1, 1.5, '7', -3)),
    assignee: maybe(session),
  }),
  fc
    .tuple(
      one('work-items', 'workflows'),
      id,
      record({
        status: word,
        expected_status: maybe(word),
        assignee: maybe(one('M/a', null)),
        session_id: maybe(session),
      }),
    )
    .map(([kind, of, body]) => ({ method: 'PATCH', path: `/${kind}/${of}`, body })),
  post('/messages', {
    from_session: session,
    to_session: maybe(session),
    project_key: maybe(project),
    subject: word,
    body: maybe(one('b', '', 'x\u0000y\ud800', "\\'\n")),
    reply_to: maybe(id),
    expires_at: maybe(one('2020-01-01T00:00:00Z', '2999-01-01T00:00:00Z')),
  }),
  record({ id, session_id: maybe(session) }).map((s) => ({
    method: 'PUT',
    path: `/messages/${s.id}/read?${query({ session_id: s.session_id })}`,
  })),
  id.map((of) => ({ method: 'GET', path: `/messages/${of}/receipts` })),
  get('/locks', {
    project_key: maybe(project),
    resource: maybe(resource),
    for_machine: maybe(one('m', 'M', 'N', 'ü')),
    ...paging,
  }),
  get('/messages', {
    to_session: maybe(session),
    for_machine: maybe(one('M', 'n')),
    unread_only: maybe(one('true')),
    project_key: maybe(project),
    ...paging,
  }),
  get('/components', { project_key: maybe(project), ...paging }),
  get('/workflows', { project_key: maybe(project), status: maybe(word), ...paging }),
  get('/work-items', { workflow_id: maybe(id), project_key: maybe(project), status: maybe(word), ...paging }),
  get('/status', { session_id: maybe(session) }),
]

/** One of the two, with the ids that it gave: they differ, their order does not. */
class Side {
  readonly #url: string
  readonly #later: () => Promise<void>
  readonly ids: string[] = []
  readonly #seen = new Map<string, string>()

  constructor(url: string, later: () => Promise<void>) {
    this.#url = url
    this.#later = later
  }

  async take(step: Step): Promise<unknown> {
    if (step.method === 'LATER') return this.#later()
    const fill = (text: string): string =>
      text.replace(/\{(\d+)\}/g, (_, n) => this.ids.at(-1 - Number(n)) ?? 'none')
    const path = fill(step.path)
    const body =
      step.body &&
      Object.fromEntries(
        Object.entries(step.body).map(([name, v]) => [name, typeof v === 'string' ? fill(v) : v]),
      )
    const answers = []
    for (
      let next: string | undefined = `/api/coord${path}`, pages = 0;
      next !== undefined && pages < 4;
      pages++
    ) {
      const answer = await call(this.#url, step.method, next, body, step.headers)
      answers.push([
        answer.status,
        this.#plain(answer.body),
        answer.headers.get('x-total-count'),
        answer.headers.get('x-coord-superseded'),
      ])
      if (step.method !== 'GET') this.ids.push(String(answer.body?.id ?? 'none'))
      next = /<([^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
    }
    return answers
  }

  /** Ids and fences by the order of their coming; times as far as both know them. */
  #plain(value: unknown): unknown {
    const text = JSON.stringify(value, (name, v: unknown) => {
      if (name === 'fence') return undefined
      if (typeof v !== 'string' || name === 'subject' || name === 'description') return v
      if (/^20[2-9]\d-.*Z$/.test(v) && !/^202[01]/.test(v)) return 'now'
      return v
    })
    return JSON.parse(
      text
        .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uuid) => {
          const known = this.#seen.get(uuid) ?? `id ${this.#seen.size}`
          this.#seen.set(uuid, known)
          return known
        })
        .replace(/last activity was [^ ]*Z/, 'last activity was now'),
    ) as unknown
  }
}

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

describe.skipIf(NO_MARIADB !== undefined)('MariaDB beside SQLite @long', () => {
  let database: TestDatabaseServer
  let folder: Awaited<ReturnType<typeof tempFolder>>
  beforeAll(async () => {
    database = await startMariaDb()
    folder = await tempFolder()
  })
  afterAll(async () => {
    await database.remove()
    await folder.remove()
  })

  test('any calls in any order: the same statuses, rows, orders and refusals', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(...steps), { minLength: STEPS, maxLength: STEPS, size: 'max' }),
        async (calls) => {
          const address = await database.newDatabase()
          const name = databaseNameOf(address)
          const file = join(folder.path, `${run++}.db`)
          const servers: TestServer[] = await Promise.all([startServer(address), startServer(file)])
          const db = new DatabaseSync(file, { timeout: 5_000 })
          const laters = [
            async () => {
              const times = ['acquired_at', 'last_activity_at', 'expires_at']
              const earlier = times.map((column) => `${column} = ${column} - INTERVAL 3 HOUR`)
              await database.sql(`UPDATE ${name}.held_locks SET ${earlier.join(', ')}`)
            },
            async () =>
              db.exec(`UPDATE locks SET acquired_at = acquired_at - 10800000, last_activity_at = last_activity_at - 10800000,
              expires_at = expires_at - 10800000 WHERE released_at IS NULL`),
          ]
          try {
            const [maria, sqlite] = servers.map(
              (server, i) => new Side(server.url, laters[i] ?? (async () => undefined)),
            )
            for (const step of calls)
              expect([step, await maria?.take(step)]).toEqual([step, await sqlite?.take(step)])
            expect(servers.map((server) => server.stderr())).toEqual(['', ''])
          } finally {
            db.close()
            await Promise.all(servers.map((server) => server.stop()))
          }
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    )
  })
})
