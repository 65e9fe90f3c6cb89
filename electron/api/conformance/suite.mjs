// The protocol's rules as requests against any server; imports nothing of the project. Writes only where allowed.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'

const ISO_Z = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const LIMIT_MS = 10_000

/** Runs every rule in order and reports each; a rule that throws has failed. */
export async function runConformance(base, mayWrite, report) {
  for (const [rule, check] of [...readRules, ...(mayWrite ? writeRules : [])]) {
    try {
      await check(client(base))
      report(rule, null)
    } catch (problem) {
      report(
        rule,
        String(problem?.message ?? problem)
          .split('\n')
          .slice(0, 6)
          .join(' '),
      )
    }
  }
}

function client(base) {
  const send = async (method, path, body, headers = {}) => {
    const isRaw = typeof body === 'string'
    const answer = await fetch(base + path, {
      method,
      redirect: 'manual',
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : isRaw ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(LIMIT_MS),
    })
    const text = await answer.text()
    let json
    try {
      json = JSON.parse(text)
    } catch {
      json = undefined
    }
    return { status: answer.status, headers: answer.headers, json, text }
  }
  const coord = (method, path, body, headers) => send(method, `/api/coord${path}`, body, headers)
  return { base, send, coord, own: () => `conformance-${randomUUID()}` }
}

/** A request with a Host header of its own, which fetch does not allow. */
const withHost = (base, host) =>
  new Promise((settle, fail) => {
    const req = request(`${base}/health`, { headers: { host }, timeout: LIMIT_MS }, (res) => {
      res.resume()
      res.on('end', () => settle(res.statusCode))
    })
    req.on('error', fail)
    req.end()
  })

const is = (answer, status) =>
  assert.equal(answer.status, status, `answered ${answer.status} ${answer.text.slice(0, 200)}`)
const says = (answer, status, word) => {
  is(answer, status)
  assert.equal(typeof answer.json?.detail, 'string', 'no detail')
  if (word)
    assert.ok(answer.json.detail.includes(word), `detail does not name ${word}: ${answer.json.detail}`)
}
const has = (row, fields) => {
  for (const field of fields) assert.ok(Object.hasOwn(row, field), `no ${field} in ${JSON.stringify(row)}`)
}
const enc = encodeURIComponent

const LOCK =
  'id project_key session_id resource description ttl_hours acquired_at last_activity_at expires_at refused'.split(
    ' ',
  )
const MESSAGE = 'id from_session to_session project_key subject body created_at read_at'.split(' ')
const COMPONENT = 'project_key component state version notes updated_by updated_at effective_at'.split(' ')
const WORKFLOW = 'id project_key name description status created_by created_at updated_at'.split(' ')
const ITEM = 'id workflow_id project_key title status priority created_at updated_at'.split(' ')

const readRules = [
  [
    'health says status, database, service and instance',
    async ({ send }) => {
      const a = await send('GET', '/health')
      is(a, 200)
      assert.ok(['ok', 'degraded'].includes(a.json.status))
      assert.equal(a.json.database, a.json.status === 'ok' ? 'connected' : 'disconnected')
      assert.equal(a.json.service, 'coord')
      assert.equal(typeof a.json.instance, 'string')
    },
  ],
  ...['locks', 'components', 'messages', 'workflows', 'work-items'].map((name) => [
    `GET ${name} answers a bare array`,
    async ({ coord }) => {
      const a = await coord('GET', `/${name}`)
      is(a, 200)
      assert.ok(Array.isArray(a.json))
    },
  ]),
  [
    'an empty query value counts as absent',
    async ({ coord }) => {
      const a = await coord('GET', '/locks?project_key=&resource=')
      is(a, 200)
      assert.equal(a.json.length, (await coord('GET', '/locks')).json.length)
    },
  ],
  [
    'status gives locks, components, workflows and unread_count',
    async ({ coord }) => {
      const a = await coord('GET', '/status')
      is(a, 200)
      for (const f of ['locks', 'components', 'workflows']) assert.ok(Array.isArray(a.json[f]), f)
      assert.equal(typeof a.json.unread_count, 'number')
    },
  ],
  ['an unknown path is 404 with detail', async ({ coord }) => says(await coord('GET', '/nothing-here'), 404)],
  ['a wrong method is 405 with detail', async ({ coord }) => says(await coord('PATCH', '/locks', {}), 405)],
  [
    'a query value of the wrong kind is 422 with the field',
    async ({ coord }) => says(await coord('GET', '/messages?unread_only=perhaps'), 422, 'unread_only'),
  ],
  [
    'a page of another origin is refused',
    async ({ send }) =>
      says(await send('GET', '/health', undefined, { origin: 'http://example.invalid' }), 403),
  ],
  [
    'Origin null is refused',
    async ({ send }) => says(await send('GET', '/health', undefined, { origin: 'null' }), 403),
  ],
  [
    'no CORS header is given',
    async ({ send }) =>
      assert.equal((await send('GET', '/health')).headers.get('access-control-allow-origin'), null),
  ],
  [
    'a Host of another name is refused',
    async ({ base }) => assert.equal(await withHost(base, 'rebound.example.invalid'), 403),
  ],
]

const claim = (c, project, session, resource, more = {}) =>
  c.coord('POST', '/locks', {
    project_key: project,
    session_id: session,
    resource,
    description: 'd',
    ttl_hours: 2,
    ...more,
  })

const writeRules = [
  [
    'a claim is 201 with the whole row',
    async (c) => {
      const p = c.own()
      const a = await claim(c, p, 'M/a', 'r', { unknown_field: 1 })
      is(a, 201)
      has(a.json, LOCK)
      assert.ok(!Object.hasOwn(a.json, 'unknown_field'), 'an unknown field was stored')
      for (const f of ['acquired_at', 'last_activity_at', 'expires_at']) assert.match(a.json[f], ISO_Z)
      assert.equal(Date.parse(a.json.expires_at) - Date.parse(a.json.acquired_at), 7_200_000)
      assert.deepEqual((await c.coord('GET', `/locks?project_key=${p}&resource=r`)).json, [a.json])
      assert.deepEqual((await c.coord('GET', `/locks?project_key=${p}&resource=other`)).json, [])
    },
  ],
  [
    'ttl_hours 0 never expires',
    async (c) => assert.equal((await claim(c, c.own(), 'M/a', 'r', { ttl_hours: 0 })).json.expires_at, null),
  ],
  [
    'a claim of what another holds is 409 with the lock, and is recorded',
    async (c) => {
      const p = c.own()
      const held = (await claim(c, p, 'M/a', 'r')).json
      const a = await claim(c, p, 'M/b', 'r')
      says(a, 409, 'M/a')
      assert.equal(a.json.lock.id, held.id)
      const [row] = (await c.coord('GET', `/locks?project_key=${p}`)).json
      assert.deepEqual(
        row.refused.map((r) => r.session_id),
        ['M/b'],
      )
      assert.match(row.refused[0].at, ISO_Z)
    },
  ],
  [
    'a claim by the holder is 200, acquired_at unchanged',
    async (c) => {
      const p = c.own()
      const first = (await claim(c, p, 'M/a', 'r')).json
      const again = await claim(c, p, 'M/a', 'r', { ttl_hours: 1 })
      is(again, 200)
      assert.equal(again.json.id, first.id)
      assert.equal(again.json.acquired_at, first.acquired_at)
      assert.ok(again.json.expires_at < first.expires_at)
    },
  ],
  [
    'only the holder releases: 403 names the holder, then 200 released 1, then 404',
    async (c) => {
      const p = c.own()
      const { id } = (await claim(c, p, 'M/a', 'r')).json
      says(await c.coord('DELETE', `/locks/${id}?session_id=${enc('M/b')}`), 403, 'M/a')
      says(await c.coord('DELETE', `/locks/${id}`), 422, 'session_id')
      const done = await c.coord('DELETE', `/locks/${id}?session_id=${enc('M/a')}`)
      is(done, 200)
      assert.deepEqual(done.json, { released: 1 })
      says(await c.coord('DELETE', `/locks/${id}?session_id=${enc('M/a')}`), 404)
      is(await claim(c, p, 'M/b', 'r'), 201)
    },
  ],
  [
    'release-all releases that session only, and needs both parameters',
    async (c) => {
      const p = c.own()
      const s = `M/${c.own()}`
      await claim(c, p, s, 'r1')
      await claim(c, p, s, 'r2')
      await claim(c, p, 'M/other', 'r3')
      says(await c.coord('DELETE', `/locks?session_id=${enc(s)}`), 422, 'release_all')
      says(await c.coord('DELETE', '/locks?release_all=true'), 422, 'session_id')
      assert.deepEqual((await c.coord('DELETE', `/locks?session_id=${enc(s)}&release_all=true`)).json, {
        released: 2,
      })
      assert.deepEqual(
        (await c.coord('GET', `/locks?project_key=${p}`)).json.map((l) => l.resource),
        ['r3'],
      )
    },
  ],
  [
    'a write that names a session in a project is activity of its locks there',
    async (c) => {
      const p = c.own()
      const lock = (await claim(c, p, 'M/a', 'r')).json
      await new Promise((go) => setTimeout(go, 30))
      await c.coord('PUT', '/components', {
        project_key: p,
        component: 'x',
        state: 'built',
        updated_by: 'M/a',
      })
      const [row] = (await c.coord('GET', `/locks?project_key=${p}`)).json
      assert.ok(row.last_activity_at > lock.last_activity_at)
      assert.equal(row.acquired_at, lock.acquired_at)
    },
  ],
  [
    'a missing field is 422 with its name',
    async (c) => {
      says(await c.coord('POST', '/locks', { project_key: 'p', session_id: 'M/a' }), 422, 'resource')
      says(await c.coord('POST', '/messages', { subject: 's', body: 'b' }), 422, 'from_session')
      says(await c.coord('PUT', '/components', { project_key: 'p', component: 'x' }), 422, 'state')
      says(await c.coord('POST', '/workflows', { name: 'n' }), 422, 'project_key')
      says(
        await c.coord('POST', '/work-items', { title: 't', workflow_id: 'nope', project_key: 'p' }),
        422,
        'workflow_id',
      )
    },
  ],
  [
    'both component forms write the same row',
    async (c) => {
      const p = c.own()
      const one = await c.coord('PUT', '/components', {
        project_key: p,
        component: 'server',
        state: 'built',
        version: '1',
      })
      is(one, 200)
      has(one.json, COMPONENT)
      const two = await c.coord('PUT', `/components/${p}/server`, { state: 'odd-state', notes: 'n' })
      is(two, 200)
      const rows = (await c.coord('GET', `/components?project_key=${p}`)).json
      assert.equal(rows.length, 1)
      assert.equal(rows[0].state, 'odd-state')
    },
  ],
  [
    'effective_at is the call time of X-Coord-Queued-At',
    async (c) => {
      const p = c.own()
      const a = await c.coord(
        'PUT',
        `/components/${p}/x`,
        { state: 's' },
        { 'x-coord-queued-at': '2026-05-12T15:30:00Z' },
      )
      assert.equal(Date.parse(a.json.effective_at), Date.parse('2026-05-12T15:30:00Z'))
      assert.ok(a.json.updated_at > a.json.effective_at)
    },
  ],
  [
    'messages: broadcasts of others are included, own ones are not',
    async (c) => {
      const p = c.own()
      const me = `M/${c.own()}`
      const send = async (body) =>
        (await c.coord('POST', '/messages', { project_key: p, subject: 's', body: 'b', ...body })).json
      const direct = await send({ from_session: 'M/x', to_session: me })
      has(direct, MESSAGE)
      const broadcast = await send({ from_session: 'M/x' })
      assert.equal(broadcast.to_session, null)
      await send({ from_session: me })
      await send({ from_session: 'M/x', to_session: 'M/somebody-else' })
      const rows = (await c.coord('GET', `/messages?to_session=${enc(me)}&unread_only=true&project_key=${p}`))
        .json
      assert.deepEqual(
        rows.map((m) => m.id),
        [direct.id, broadcast.id],
      )
      assert.equal((await c.coord('GET', `/messages?project_key=${p}`)).json.length, 4)
    },
  ],
  [
    'a broadcast is read for one session, or for all',
    async (c) => {
      const p = c.own()
      const { id } = (
        await c.coord('POST', '/messages', { from_session: 'M/x', project_key: p, subject: 's', body: 'b' })
      ).json
      const unread = async (s) =>
        (await c.coord('GET', `/messages?to_session=${enc(s)}&unread_only=true&project_key=${p}`)).json.length
      const read = await c.coord('PUT', `/messages/${id}/read?session_id=${enc('M/a')}`)
      is(read, 200)
      assert.match(read.json.read_at, ISO_Z)
      assert.deepEqual([await unread('M/a'), await unread('M/b')], [0, 1])
      is(await c.coord('PUT', `/messages/${id}/read`), 200)
      assert.equal(await unread('M/b'), 0)
      says(await c.coord('PUT', '/messages/none/read'), 404)
    },
  ],
  [
    'status narrows the unread count by session_id',
    async (c) => {
      const me = `M/${c.own()}`
      const before = (await c.coord('GET', `/status?session_id=${enc(me)}`)).json.unread_count
      await c.coord('POST', '/messages', {
        from_session: 'M/x',
        to_session: me,
        project_key: c.own(),
        subject: 's',
        body: 'b',
      })
      assert.equal((await c.coord('GET', `/status?session_id=${enc(me)}`)).json.unread_count, before + 1)
    },
  ],
  [
    'workflows and work items: create, change, list',
    async (c) => {
      const p = c.own()
      const w = await c.coord('POST', '/workflows', {
        project_key: p,
        name: 'n',
        description: 'd',
        status: 'planning',
        created_by: 'M/a',
      })
      is(w, 201)
      has(w.json, WORKFLOW)
      const item = await c.coord('POST', '/work-items', {
        workflow_id: w.json.id,
        project_key: p,
        title: 't',
        status: 'pending',
        priority: 10,
      })
      is(item, 201)
      has(item.json, ITEM)
      assert.equal(item.json.priority, 10)
      const changed = await c.coord('PATCH', `/work-items/${item.json.id}`, { status: 'completed' })
      is(changed, 200)
      assert.equal(changed.json.status, 'completed')
      assert.deepEqual((await c.coord('GET', `/work-items?workflow_id=${w.json.id}`)).json, [changed.json])
      assert.deepEqual(
        (await c.coord('GET', `/workflows?project_key=${p}`)).json.map((x) => x.id),
        [w.json.id],
      )
      says(await c.coord('PATCH', '/work-items/none', { status: 'x' }), 404)
    },
  ],
  [
    'text comes back byte for byte',
    async (c) => {
      const body =
        'tab\t nl\n crlf\r\n nul\u0000 del\u007f emoji 😀 \u202e rtl \ufeff bom \ufffd é e\u0301 \' " \\ ; -- %00 <b>'
      const a = await c.coord('POST', '/messages', {
        from_session: 'M/ü',
        to_session: 'M/\u0000',
        project_key: c.own(),
        subject: body,
        body,
      })
      is(a, 201)
      assert.equal(a.json.body, body)
      assert.equal(
        (await c.coord('GET', `/messages?to_session=${enc('M/\u0000')}&order=newest&limit=1`)).json[0]
          .subject,
        body,
      )
    },
  ],
  [
    'Idempotency-Key: one effect, the same answer, another body is 422',
    async (c) => {
      const p = c.own()
      const key = { 'idempotency-key': `"${randomUUID()}"` }
      const body = { from_session: 'M/a', project_key: p, subject: 's', body: 'b' }
      const all = await Promise.all(Array.from({ length: 20 }, () => c.coord('POST', '/messages', body, key)))
      assert.deepEqual([...new Set(all.map((a) => `${a.status} ${a.text}`))].length, 1)
      is(all[0], 201)
      assert.equal((await c.coord('GET', `/messages?project_key=${p}`)).json.length, 1)
      says(await c.coord('POST', '/messages', { ...body, subject: 'other' }, key), 422, 'Idempotency-Key')
    },
  ],
  [
    'Idempotency-Key: a refusal is not remembered',
    async (c) => {
      const p = c.own()
      const key = { 'idempotency-key': randomUUID() }
      const { id } = (await claim(c, p, 'M/a', 'r')).json
      const mine = { project_key: p, session_id: 'M/b', resource: 'r' }
      is(await c.coord('POST', '/locks', mine, key), 409)
      await c.coord('DELETE', `/locks/${id}?session_id=${enc('M/a')}`)
      is(await c.coord('POST', '/locks', mine, key), 201)
    },
  ],
  [
    'a body that is not JSON is refused',
    async (c) => {
      says(await c.coord('POST', '/messages', '{', {}), 400)
      says(await c.coord('POST', '/messages', '{}', { 'content-type': 'text/plain' }), 415)
      says(await c.coord('POST', '/messages', '[]'), 422)
    },
  ],
]
