// How long each list call takes with a million messages in the database.
import { Pool } from 'undici'
import { PROJECTS, STATIONS } from './million.mjs'
import { quantile } from '../lib/quantile.mjs'

/** Each list call, one after the other: p50 and p99 as the caller sees them. */
export async function listCalls(url, say, round, n) {
  const pool = new Pool(url, { connections: 1, pipelining: 1 })
  const get = async (path, headers = {}) => {
    const answer = await pool.request({ method: 'GET', path: `/api/coord${path}`, headers })
    await answer.body.text()
    if (answer.statusCode >= 400) throw new Error(`bench: ${path}: ${answer.statusCode}`)
    return answer.headers.etag
  }
  const paths = {
    'messages to a session, unread': (i) => `/messages?to_session=m${i % STATIONS}%2Fs1&unread_only=true`,
    'messages for a machine, unread, newest': (i) =>
      `/messages?for_machine=M${i % STATIONS}&unread_only=true&order=newest`,
    'messages, unread': () => '/messages?unread_only=true',
    'messages of a project': (i) => `/messages?project_key=p${i % PROJECTS}`,
    'messages to a session of a project, unread': (i) =>
      `/messages?to_session=m${i % STATIONS}%2Fs1&unread_only=true&project_key=p${i % PROJECTS}`,
    'messages, 300 000 rows in': () => '/messages?order=oldest&after=300000',
    'locks (10 000 held)': () => '/locks',
    'locks of a machine': (i) => `/locks?for_machine=m${i % STATIONS}`,
    status: () => '/status',
    'status of a session': (i) => `/status?session_id=m${i % STATIONS}%2Fs1`,
  }
  for (const [name, path] of Object.entries(paths)) {
    for (let i = 0; i < 5; i++) await get(path(i))
    const times = []
    for (let i = 0; i < 200; i++) {
      const t = performance.now()
      await get(path(i))
      times.push(performance.now() - t)
    }
    times.sort((a, b) => a - b)
    const limit = name.startsWith('status') ? '' : 'p99 ≤ 25 ms'
    say(
      `API, ${n} messages: ${name}`,
      `p50 ${round(quantile(times, 0.5), 1)} ms`,
      `p99 ${round(quantile(times, 0.99), 1)} ms`,
      '',
      limit,
    )
  }
  await pool.close()
}
