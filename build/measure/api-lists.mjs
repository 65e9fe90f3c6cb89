// The API with a million messages, and under 200 workstations: each list call, news of a message, and what nothing costs.
import { spawnSync } from 'node:child_process'
import { request } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Pool } from 'undici'

const STATIONS = 200
const PROJECTS = 50
const sleep = (ms) => new Promise((go) => setTimeout(go, ms))
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]

/** CPU seconds of a process so far; undefined where the system does not say (it is read from /proc). */
function cpuOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return undefined
  }
}

/** Fills the tables straight: a fifth of the messages are broadcasts, half are read. Through the server it would take an hour. */
function fill(file, messages) {
  const db = new DatabaseSync(file)
  db.function('session_key', (text) => text)
  db.exec('PRAGMA synchronous = OFF')
  const now = Date.now()
  db.exec('BEGIN')
  const put = db.prepare(
    `INSERT INTO messages (id, from_session, to_session, from_key, to_key, machine, project_key, subject, body, created_at, read_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const body = 'x'.repeat(200)
  for (let n = 0; n < messages; n++) {
    const machine = `m${n % STATIONS}`
    const to = n % 5 === 0 ? null : `${machine}/s${n % 7}`
    const from = `m${(n * 7) % STATIONS}/s${n % 3}`
    put.run(
      `id-${n}`,
      from,
      to,
      from,
      to,
      to === null ? null : machine,
      `p${n % PROJECTS}`,
      `subject ${n}`,
      body,
      now - (messages - n),
      n % 2 === 0 ? now : null,
    )
  }
  const lock = db.prepare(
    `INSERT INTO locks (id, project_key, session_id, session_key, machine, resource, resource_key, ttl_hours, acquired_at, last_activity_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
  )
  for (let n = 0; n < 10_000; n++) {
    const machine = `m${n % STATIONS}`
    lock.run(
      `lock-${n}`,
      `p${n % PROJECTS}`,
      `${machine}/s`,
      `${machine}/s`,
      machine,
      `r${n}`,
      `r${n}`,
      now,
      now,
    )
  }
  db.exec('COMMIT')
  db.close()
}

/** Listens as a workstation does; told of each event's name and data. */
function listen(url, machine, onEvent) {
  const req = request(`${url}/api/coord/events?for_machine=${machine}`, { agent: false }, (res) => {
    let text = ''
    res.setEncoding('utf8').on('data', (part) => {
      text += part
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, name] = /^event: (.*)$/m.exec(block) ?? []
        const [, data] = /^data: (.*)$/m.exec(block) ?? []
        if (name) onEvent(name, JSON.parse(data ?? '{}'))
      }
    })
  })
  req.on('error', () => {})
  req.end()
  return () => req.destroy()
}

/** Each list call, one after the other: p50 and p99 as the caller sees them. */
async function listCalls(url, say, round, n) {
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

/** 200 workstations poll locks and messages each 15 s with what they know, and listen; nothing changes, then messages come. */
async function stations(server, say, round) {
  const pool = new Pool(server.url, { connections: 64, pipelining: 1 })
  const tags = new Map()
  let bytes = 0
  let unchanged = 0
  const poll = async (machine, path) => {
    const known = tags.get(machine + path)
    const headers = known ? { 'if-none-match': known } : {}
    const answer = await pool.request({ method: 'GET', path: `/api/coord${path}`, headers })
    bytes += (await answer.body.text()).length
    if (answer.statusCode === 304) unchanged++
    else tags.set(machine + path, answer.headers.etag)
  }
  const pollBoth = async (n) => {
    await poll(n, '/locks')
    await poll(n, `/messages?for_machine=m${n}&unread_only=true&order=newest`)
  }
  for (let n = 0; n < STATIONS; n++) await pollBoth(n)
  const seconds = 30
  const run = async (isListening) => {
    let heard = () => {}
    const ends = isListening
      ? Array.from({ length: STATIONS }, (_, n) =>
          listen(server.url, `m${n}`, (name, data) => heard(n, name, data)),
        )
      : []
    await sleep(1_000)
    bytes = 0
    unchanged = 0
    const before = cpuOf(server.pid)
    const t = performance.now()
    const polls = []
    while (performance.now() - t < seconds * 1000) {
      for (let n = 0; n < STATIONS / 15; n++) polls.push(pollBoth(Math.floor(Math.random() * STATIONS)))
      await sleep(1_000)
    }
    await Promise.all(polls)
    const elapsed = (performance.now() - t) / 1000
    const share = before === undefined ? null : ((cpuOf(server.pid) - before) / elapsed) * 100
    const late = []
    if (isListening)
      for (let i = 0; i < 100; i++) {
        const target = i % STATIONS
        const came = new Promise((go) => {
          heard = (n, name, data) => {
            if (n === target && name === 'change' && data.kind === 'messages') go(performance.now())
          }
        })
        const began = performance.now()
        const answer = await pool.request({
          method: 'POST',
          path: '/api/coord/messages',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ from_session: 'm0/bench', to_session: `m${target}/s1`, subject: 'news' }),
        })
        await answer.body.text()
        late.push((await came) - began)
      }
    for (const end of ends) end()
    return { share, late: late.sort((a, b) => a - b), bytesPerSecond: bytes / elapsed, unchanged }
  }
  const polling = await run(false)
  say(
    `API: ${STATIONS} workstations poll two full lists each 15 s, nothing changes`,
    polling.share === null ? 'not read here' : `${round(polling.share, 1)} % of a core`,
    `${round(polling.bytesPerSecond / 1024, 1)} kB/s, ${polling.unchanged} × 304`,
    '',
    '≤ 8 %',
  )
  const listening = await run(true)
  say(
    `API: the same, and all of them listen`,
    listening.share === null ? 'not read here' : `${round(listening.share, 1)} % of a core`,
    '',
    '',
    '≤ 8 %',
  )
  say(
    `API: message posted → event heard, ${STATIONS} listeners`,
    `p50 ${round(quantile(listening.late, 0.5), 1)} ms`,
    `p99 ${round(quantile(listening.late, 0.99), 1)} ms`,
    '',
    '≤ 300 ms to the notification',
  )
  await pool.close()
}

/** `serverAt(args, env)` starts `coord serve`; gives `{ url, pid, stop }`. */
export async function apiLists({ root, temp, say, round, serverAt }) {
  const messages = Number(process.env.BENCH_MESSAGES ?? 1_000_000)
  const file = join(temp, 'million.db')
  const args = [join(root, 'build/scripts/coord.mjs'), 'serve', '--json', '--port', '0', '--database', file]
  const env = { COORD_HOME: join(temp, 'home-million') }
  const first = await serverAt(args, env)
  await first.stop()
  await sleep(1_000)
  fill(file, messages)
  spawnSync('sync')
  const server = await serverAt(args, env)
  try {
    await listCalls(server.url, say, round, messages)
    await stations(server, say, round)
  } finally {
    await server.stop()
  }
}
