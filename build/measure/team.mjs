// A team's server: the API on MariaDB beside SQLite, and 200 workstations against two servers on one database.
// Needs mariadb-server-core and mariadb-client-core; starts a database of its own and removes it. BENCH_SECONDS: how long they work.
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { NO_MARIADB, startMariaDb } from '../../electron/api/testing/mariadb.ts'
import { cpuOf } from './lib/desk.mjs'

const STATIONS = 200
const SECONDS = Number(process.env.BENCH_SECONDS ?? 120)

const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.floor(values.length * q)] ?? 0

function clientOf(url, connections) {
  const pool = new Pool(url, { connections, pipelining: 1 })
  const send = async (method, path, body, headers = {}) => {
    const answer = await pool.request({
      method,
      path: `/api/coord${path}`,
      headers: body ? { 'content-type': 'application/json', ...headers } : headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await answer.body.text()
    return { status: answer.statusCode, etag: answer.headers.etag, json: text ? JSON.parse(text) : null }
  }
  return { send, close: () => pool.close() }
}

/** `n` calls by 32 clients; how many a second. */
async function rateOf(url, n, call) {
  const { send, close } = clientOf(url, 32)
  let next = 0
  const since = performance.now()
  await Promise.all(
    Array.from({ length: 32 }, async (_, client) => {
      while (next++ < n) await call(send, client, next)
    }),
  )
  const ms = performance.now() - since
  await close()
  return (n / ms) * 1000
}

const cycle = (project) => async (send, client, k) => {
  const lock = { project_key: project(client), session_id: `M/${client}`, resource: `r${client}-${k}` }
  const { json } = await send('POST', '/locks', lock)
  await send('DELETE', `/locks/${json.id}?session_id=M%2F${client}`)
}
const message = (send, client, k) =>
  send(
    'POST',
    '/messages',
    { from_session: 'M/a', to_session: `M/${client}`, subject: 's', body: 'b'.repeat(200) },
    { 'idempotency-key': `k${client}-${k}-${performance.now()}` },
  )
const CALLS = [
  ['claim + release, all in one project', cycle(() => 'p'), 1500],
  ['claim + release, 32 projects', cycle((client) => `p${client}`), 1500],
  ['POST message with a key', message, 2000],
  [
    'GET unread of a session, 20 rows',
    (send, client) => send('GET', `/messages?to_session=M%2F${client}&unread_only=true&limit=20`),
    4000,
  ],
]

/** One workstation with tray, hooks and guard, as often as they call, on one of the servers. */
async function station(n, { send }, until, seen) {
  const machine = `WS${n}`
  const tags = new Map()
  const timed = async (method, path, body) => {
    const since = performance.now()
    const tag = tags.get(path)
    const answer = await send(method, path, body, tag && method === 'GET' ? { 'if-none-match': tag } : {})
    seen.calls.push(performance.now() - since)
    seen.statuses.set(answer.status, (seen.statuses.get(answer.status) ?? 0) + 1)
    if (method === 'GET' && answer.etag) tags.set(path, answer.etag)
    return answer
  }
  await sleep(Math.random() * 5_000)
  for (let round = n; performance.now() < until; round++) {
    // The guard before an edit, each few seconds of work; a claim and its release; a state; now and then a message.
    await timed('GET', `/locks?project_key=p${n % 20}`)
    if (round % 3 === 0) {
      const lock = { project_key: `p${n % 20}`, session_id: `${machine}/a`, resource: `src/${n}/${round}.ts` }
      const { json } = await timed('POST', '/locks', lock)
      if (json?.id) await timed('DELETE', `/locks/${json.id}?session_id=${machine}%2Fa`)
    }
    if (round % 5 === 0)
      await timed('PUT', '/components', {
        project_key: `p${n % 20}`,
        component: `c${n}`,
        state: 'building',
        updated_by: `${machine}/a`,
      })
    if (round % 4 === 0) {
      const to = (n * 7 + round) % STATIONS
      const { json } = await timed('POST', '/messages', {
        from_session: `${machine}/a`,
        to_session: `WS${to}/a`,
        subject: 's',
        body: 'b'.repeat(300),
      })
      if (json?.id) seen.sent.set(json.id, performance.now())
    }
    // The tray, slowed by push; a session's start.
    if (round % 6 === 0) {
      await timed('GET', `/locks?for_machine=${machine}`)
      await timed('GET', `/messages?for_machine=${machine}&unread_only=true&order=newest&limit=100`)
    }
    await sleep(4_000 + Math.random() * 2_000)
  }
}

function listen(url, machine, seen) {
  const req = request(`${url}/api/coord/events?for_machine=${machine}`, { agent: false }, (answer) => {
    answer.setEncoding('utf8').on('data', (text) => {
      const now = performance.now()
      for (const [, kind, act, id] of text.matchAll(/"kind":"(\w+)","act":"(\w+)".*?"id":"([^"]+)"/g))
        if (kind === 'messages' && act === 'sent') seen.heard.set(id, now)
    })
    answer.on('error', () => undefined)
  })
  req.on('error', () => undefined).end()
  return () => req.destroy()
}

/** Fails where there is no /proc, rather than saying that a server costs nothing. */
const costOf = (pid) => {
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return { cpuS: cpuOf([pid]), rssMb: Number(rss[1]) / 1024 }
}

async function stations(servers, say, round) {
  const seen = { calls: [], statuses: new Map(), sent: new Map(), heard: new Map() }
  const clients = servers.map((server) => clientOf(server.url, 100))
  const ends = Array.from({ length: STATIONS }, (_, n) => listen(servers[(n + 1) % 2].url, `WS${n}`, seen))
  const before = servers.map((server) => costOf(server.pid))
  const since = performance.now()
  const until = since + SECONDS * 1000
  await Promise.all(Array.from({ length: STATIONS }, (_, n) => station(n, clients[n % 2], until, seen)))
  const seconds = (performance.now() - since) / 1000
  await sleep(2_000)
  const after = servers.map((server) => costOf(server.pid))
  for (const end of ends) end()
  for (const { close } of clients) await close()
  const delays = [...seen.sent]
    .filter(([id]) => seen.heard.has(id))
    .map(([id, at]) => Math.max(0, seen.heard.get(id) - at))
  const cpu = after.reduce((sum, cost, i) => sum + cost.cpuS - before[i].cpuS, 0)
  const title = `${STATIONS} workstations, two servers, ${SECONDS} s`
  const wrong = [...seen.statuses]
    .filter(([status]) => status >= 400)
    .map(([status, n]) => `${n} × ${status}`)
  say(
    title,
    `${round(seen.calls.length / seconds, 1)} calls/s, p50 ${round(quantile(seen.calls, 0.5), 1)} ms, p99 ${round(quantile(seen.calls, 0.99), 1)} ms`,
    wrong.join(', ') || 'no refusal',
    '',
    '',
  )
  say(
    '  from a message’s answer to its event elsewhere',
    `p50 ${round(quantile(delays, 0.5), 0)} ms, p99 ${round(quantile(delays, 0.99), 0)} ms`,
    `${delays.length} of ${seen.sent.size} heard`,
    '',
    '≤ 1 s',
  )
  say(
    '  both servers',
    `${round((cpu / seconds) * 100, 1)} % of a core, ${after.map((cost) => round(cost.rssMb, 0)).join(' + ')} MB`,
    '',
    '',
    '',
  )
}

export async function team({ temp, say, round, serveCoord }) {
  if (NO_MARIADB !== undefined) return void process.stderr.write(`${NO_MARIADB}\n`)
  const database = await startMariaDb()
  try {
    const sqlite = await serveCoord(join(temp, 'team.db'), 'home-team-a')
    const address = await database.newDatabase()
    const maria = [await serveCoord(address, 'home-team-b'), await serveCoord(address, 'home-team-c')]
    for (const [what, call, n] of CALLS) {
      await rateOf(sqlite.url, n / 4, call)
      await rateOf(maria[0].url, n / 4, call)
      const [ours, beside] = [await rateOf(maria[0].url, n, call), await rateOf(sqlite.url, n, call)]
      say(
        `MariaDB beside SQLite: ${what}, 32 clients`,
        `${round(ours, 0)}/s`,
        `${round(beside, 0)}/s`,
        round(ours / beside),
        '',
      )
    }
    await stations(maria, say, round)
    await Promise.all([sqlite, ...maria].map((server) => server.stop()))
  } finally {
    await database.remove()
  }
}
