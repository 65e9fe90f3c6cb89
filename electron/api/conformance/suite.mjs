// The protocol's rules as requests against any server; imports nothing of the project. Writes only where allowed.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'

const ISO_Z = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const LIMIT_MS = 10_000

/** Runs every rule in order and reports each; a rule that throws has failed. Then those of the extensions that it says it has. */
export async function runConformance(base, mayWrite, report, sayExtension = () => {}) {
  const has = await extensionsOf(base)
  for (const name of Object.keys(extensionRules)) sayExtension(name, has.includes(name))
  const extended = has.flatMap((name) =>
    (extensionRules[name] ?? [])
      .filter((rule) => mayWrite || rule.isRead)
      .map(({ rule, check }) => [`extension ${name}: ${rule}`, check]),
  )
  for (const [rule, check] of [...readRules, ...(mayWrite ? [...writeRules, ...extended] : extended)]) {
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

/** What a server says that it has beyond the protocol's source. */
async function extensionsOf(base) {
  try {
    const { json } = await client(base).send('GET', '/health')
    return [...(json?.extensions ?? []), ...(json?.idempotency === true ? ['idempotency'] : [])]
  } catch {
    return []
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

const message = (c, body) =>
  c.coord('POST', '/messages', { from_session: 'CONF/a', subject: 's', body: 'b', ...body })
const linkOf = (answer) => /<([^>]*)>; *rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
const minutes = (n) => new Date(Date.now() + n * 60_000).toISOString()

/** The first bytes of a stream of events, until `isEnough`. */
async function hear(base, path, isEnough) {
  const ending = new AbortController()
  const limit = setTimeout(() => ending.abort(), LIMIT_MS)
  let text = ''
  try {
    const answer = await fetch(base + path, { signal: ending.signal })
    assert.equal(answer.headers.get('content-type')?.split(';')[0], 'text/event-stream')
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
      text += part
      if (await isEnough(text)) return text
    }
  } finally {
    clearTimeout(limit)
    ending.abort()
  }
  return text
}

/** Each extension that a server may say it has, with its rules. */
const extensionRules = {
  idempotency: [
    {
      rule: 'the same key has one effect and the same answer',
      check: async (c) => {
        const p = c.own()
        const key = { 'idempotency-key': randomUUID() }
        const body = { from_session: 'CONF/a', project_key: p, subject: 's', body: 'b' }
        const [one, two] = [
          await c.coord('POST', '/messages', body, key),
          await c.coord('POST', '/messages', body, key),
        ]
        assert.equal(one.text, two.text)
      },
    },
  ],
  pages: [
    {
      rule: 'links by key lead through all rows, whatever goes meanwhile, in both orders',
      check: async (c) => {
        const p = c.own()
        for (let n = 0; n < 7; n++)
          await message(c, { project_key: p, subject: String(n), to_session: `${p}/x` })
        for (const order of ['oldest', 'newest']) {
          const seen = []
          for (let next = `/api/coord/messages?project_key=${p}&limit=3&order=${order}`; next;) {
            const page = await c.send('GET', next)
            is(page, 200)
            assert.ok(page.json.length <= 3)
            seen.push(...page.json.map((m) => m.subject))
            if (order === 'newest')
              for (const m of page.json)
                await c.coord('PUT', `/messages/${m.id}/read?session_id=${enc(`${p}/x`)}`)
            next = linkOf(page)
          }
          const all = ['0', '1', '2', '3', '4', '5', '6']
          assert.deepEqual(seen, order === 'oldest' ? all : all.reverse())
        }
        const counted = await c.coord('GET', `/messages?project_key=${p}&limit=1&count=true`)
        assert.equal(counted.headers.get('x-total-count'), '7')
      },
    },
  ],
  for_machine: [
    {
      rule: 'messages for a machine and broadcasts, its locks, without regard to case',
      check: async (c) => {
        const p = c.own()
        await message(c, { project_key: p, to_session: `${p}/x`, subject: 'mine' })
        await message(c, { project_key: p, subject: 'all' })
        await message(c, { project_key: p, to_session: 'CONF-OTHER/x', subject: 'other' })
        const rows = (
          await c.coord('GET', `/messages?for_machine=${p.toUpperCase()}&project_key=${p}&order=oldest`)
        ).json
        assert.deepEqual(
          rows.map((m) => m.subject),
          ['mine', 'all'],
        )
        await claim(c, p, `${p}/a`, 'r1')
        await claim(c, p, 'CONF-OTHER/a', 'r2')
        const locks = (await c.coord('GET', `/locks?for_machine=${p.toUpperCase()}`)).json
        assert.deepEqual(
          locks.map((l) => l.resource),
          ['r1'],
        )
      },
    },
  ],
  etag: [
    {
      rule: 'an unchanged list is 304, a changed one is not',
      check: async (c) => {
        const p = c.own()
        const get = (tag) => c.coord('GET', `/locks?project_key=${p}`, undefined, { 'if-none-match': tag })
        const tag = (await get('"none"')).headers.get('etag')
        assert.match(tag, /^(W\/)?"/)
        is(await get(tag), 304)
        await claim(c, p, 'CONF/a', 'r')
        is(await get(tag), 200)
      },
    },
  ],
  renew: [
    {
      rule: 'renewed by its holder, 409 for another, 404 where it is gone',
      check: async (c) => {
        const p = c.own()
        const { id, expires_at } = (await claim(c, p, 'CONF/a', 'r', { ttl_hours: 1 })).json
        await new Promise((go) => setTimeout(go, 20))
        const renewed = await c.coord('PUT', `/locks/${id}/renew?session_id=${enc('CONF/a')}`)
        is(renewed, 200)
        assert.ok(renewed.json.expires_at > expires_at)
        says(await c.coord('PUT', `/locks/${id}/renew?session_id=${enc('CONF/b')}`), 409)
        await c.coord('DELETE', `/locks/${id}?session_id=${enc('CONF/a')}`)
        says(await c.coord('PUT', `/locks/${id}/renew?session_id=${enc('CONF/a')}`), 404)
        await claim(c, p, 'CONF/b', 'r')
        const lost = await c.coord('PUT', `/locks/${id}/renew?session_id=${enc('CONF/a')}`)
        says(lost, 409)
        assert.equal(lost.json.lock.session_id, 'CONF/b')
      },
    },
  ],
  fence: [
    {
      rule: 'it grows with each claim of a resource',
      check: async (c) => {
        const p = c.own()
        const one = (await claim(c, p, 'CONF/a', 'r')).json
        await c.coord('DELETE', `/locks/${one.id}?session_id=${enc('CONF/a')}`)
        assert.ok((await claim(c, p, 'CONF/b', 'r')).json.fence > one.fence)
      },
    },
  ],
  wait: [
    {
      rule: '201 as soon as it is free, 409 at the end',
      check: async (c) => {
        const p = c.own()
        const { id } = (await claim(c, p, 'CONF/a', 'r')).json
        const ask = (wait) =>
          c.coord('POST', `/locks?wait=${wait}`, { project_key: p, session_id: 'CONF/b', resource: 'r' })
        is(await ask(1), 409)
        const waiting = ask(8)
        await new Promise((go) => setTimeout(go, 200))
        await c.coord('DELETE', `/locks/${id}?session_id=${enc('CONF/a')}`)
        is(await waiting, 201)
      },
    },
  ],
  if_stale: [
    {
      rule: 'a lock that is alive is not released',
      check: async (c) => {
        const p = c.own()
        const { id } = (await claim(c, p, 'CONF/a', 'r')).json
        const path = `/locks/${id}?session_id=${enc('CONF/a')}&released_by=${enc('CONF/b')}`
        says(await c.coord('DELETE', `${path}&if_stale=true`), 409)
        const before = (await c.coord('GET', `/messages?to_session=${enc('CONF/a')}&project_key=${p}`)).json
          .length
        const done = await c.coord('DELETE', path)
        is(done, 200)
        assert.equal(done.json.released_by, 'CONF/b')
        const after = (await c.coord('GET', `/messages?to_session=${enc('CONF/a')}&project_key=${p}`)).json
        assert.equal(after.length, before + 1)
      },
    },
  ],
  overlap: [
    {
      rule: 'a folder and a pattern cover what is beneath; 409 names both; one session may hold both',
      check: async (c) => {
        const p = c.own()
        await claim(c, p, 'CONF/a', 'src/')
        const a = await claim(c, p, 'CONF/b', 'src/x.rs')
        says(a, 409, 'src/x.rs')
        says(a, 409, 'src/')
        assert.equal(a.json.lock.resource, 'src/')
        is(await claim(c, p, 'CONF/a', 'src/x.rs'), 201)
        is(await claim(c, p, 'CONF/b', '*.sql'), 201)
        is(await claim(c, p, 'CONF/a', 'a.sql'), 409)
        is(await claim(c, p, 'CONF/a', 'db/a.sql'), 201)
      },
    },
  ],
  reply_to: [
    {
      rule: 'it is kept and given',
      check: async (c) => {
        const { id } = (await message(c, {})).json
        assert.equal((await message(c, { reply_to: id })).json.reply_to, id)
      },
    },
  ],
  expires_at: [
    {
      rule: 'a message whose time is over is in no list; a time that is none is refused',
      check: async (c) => {
        const p = c.own()
        is(await message(c, { project_key: p, expires_at: minutes(-1) }), 201)
        is(await message(c, { project_key: p, expires_at: minutes(60), subject: 'kept' }), 201)
        const rows = (await c.coord('GET', `/messages?project_key=${p}`)).json
        assert.deepEqual(
          rows.map((m) => m.subject),
          ['kept'],
        )
        says(await message(c, { expires_at: '2026-02-30T00:00:00Z' }), 422, 'expires_at')
      },
    },
    {
      rule: 'a message whose time is over is gone for every call that names it',
      check: async (c) => {
        const sent = await message(c, { body: 'b', expires_at: minutes(-1) })
        is(sent, 201)
        const over = sent.json
        assert.equal(over.body, 'b')
        says(await c.coord('GET', `/messages/${over.id}/receipts`), 404)
        says(await c.coord('PUT', `/messages/${over.id}/read`), 404)
        says(await c.coord('PUT', `/messages/${over.id}/read?session_id=${enc('CONF/b')}`), 404)
      },
    },
  ],
  receipts: [
    {
      rule: 'who read it, and when',
      check: async (c) => {
        const { id } = (await message(c, {})).json
        assert.deepEqual((await c.coord('GET', `/messages/${id}/receipts`)).json, [])
        await c.coord('PUT', `/messages/${id}/read?session_id=${enc('CONF/b')}`)
        const [receipt] = (await c.coord('GET', `/messages/${id}/receipts`)).json
        assert.equal(receipt.session_id, 'CONF/b')
        assert.match(receipt.read_at, ISO_Z)
        says(await c.coord('GET', '/messages/none/receipts'), 404)
      },
    },
  ],
  assignee: [
    {
      rule: 'it is kept, changed and taken away',
      check: async (c) => {
        const p = c.own()
        const workflow = (await c.coord('POST', '/workflows', { project_key: p, name: 'n' })).json
        const body = { workflow_id: workflow.id, title: 't', assignee: 'CONF/a' }
        const { id, assignee } = (await c.coord('POST', '/work-items', body)).json
        assert.equal(assignee, 'CONF/a')
        const changed = await c.coord('PATCH', `/work-items/${id}`, { assignee: 'CONF/b' })
        assert.deepEqual([changed.json.assignee, changed.json.status], ['CONF/b', 'pending'])
        assert.equal((await c.coord('PATCH', `/work-items/${id}`, { assignee: null })).json.assignee, null)
      },
    },
  ],
  expected_status: [
    {
      rule: 'an item is claimed by one',
      check: async (c) => {
        const p = c.own()
        const workflow = (await c.coord('POST', '/workflows', { project_key: p, name: 'n' })).json
        const { id } = (await c.coord('POST', '/work-items', { workflow_id: workflow.id, title: 't' })).json
        const take = (assignee) =>
          c.coord('PATCH', `/work-items/${id}`, {
            status: 'in_progress',
            assignee,
            expected_status: 'pending',
          })
        const all = await Promise.all(Array.from({ length: 8 }, (_, n) => take(`CONF/${n}`)))
        const won = all.filter((a) => a.status === 200)
        assert.equal(won.length, 1)
        for (const lost of all.filter((a) => a.status !== 200)) {
          says(lost, 409)
          assert.equal(lost.json.work_item.assignee, won[0].json.assignee)
        }
      },
    },
  ],
  events: [
    {
      rule: 'a change is told, with its id, without its text',
      check: async (c) => {
        const p = c.own()
        let isSent = false
        const text = await hear(c.base, '/api/coord/events', async (heard) => {
          if (!isSent) await message(c, { project_key: p, subject: 'secret' })
          isSent = true
          return heard.includes(p)
        })
        assert.match(text, new RegExp(`^data: .*"project":"${p}"`, 'm'))
        assert.match(text, /^id: \S+$/m)
        assert.ok(!text.includes('secret'))
      },
    },
  ],
}
