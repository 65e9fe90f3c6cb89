// The API's five commonest calls with 100 000 locks, messages and components in its database.
import { join } from 'node:path'
import { Pool } from 'undici'

/** Of each kind. */
const ROWS = Number(process.env.BENCH_ROWS ?? 100_000)
const CALLS = 2_000

export async function full({ temp, say, rate, serveCoord }) {
  const server = await serveCoord(join(temp, 'full.db'), 'home-full')
  const pool = new Pool(server.url, { connections: 64, pipelining: 1 })
  const { lock, message, component } = writesTo(pool)
  for (const make of [lock, message, component]) await timeOf(ROWS, 64, make)
  const calls = {
    'GET locks of a resource': (i) =>
      send(pool, 'GET', `/api/coord/locks?project_key=p${i % 100}&resource=r${i}`),
    'POST claim': (i) => lock(ROWS + i),
    'PUT component': (i) => component(i),
    'POST message': (i) => message(ROWS + i),
    'GET unread of a session': (i) =>
      send(pool, 'GET', `/api/coord/messages?to_session=N%2F${i % 1000}&unread_only=true`),
  }
  for (const [name, call] of Object.entries(calls))
    say(
      `API with ${ROWS} rows of each: ${name}`,
      `${rate(CALLS, await timeOf(CALLS, 32, call))}/s`,
      '',
      '',
      '',
    )
  await pool.close()
  server.stop()
}

async function send(pool, method, path, body) {
  const answer = await pool.request({
    method,
    path,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  })
  const text = await answer.body.text()
  if (answer.statusCode >= 300)
    throw new Error(`bench: ${method} ${path}: ${answer.statusCode} ${text.slice(0, 200)}`)
  return text
}

/** The i-th claim, message and state of a component. */
const writesTo = (pool) => ({
  lock: (i) =>
    send(pool, 'POST', '/api/coord/locks', {
      project_key: `p${i % 100}`,
      session_id: `M/${i % 1000}`,
      resource: `r${i}`,
      ttl_hours: 0,
    }),
  message: (i) =>
    send(pool, 'POST', '/api/coord/messages', {
      from_session: `M/${i % 1000}`,
      to_session: `N/${i % 1000}`,
      project_key: `p${i % 100}`,
      subject: `s${i}`,
      body: 'text',
    }),
  component: (i) =>
    send(pool, 'PUT', '/api/coord/components', {
      project_key: `p${i % 100}`,
      component: `c${i}`,
      state: 'built',
      updated_by: `M/${i % 1000}`,
    }),
})

/** The ms that so many calls take by so many clients. */
async function timeOf(count, clients, call) {
  let next = 0
  const t = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (next < count) await call(next++)
    }),
  )
  return performance.now() - t
}
