// The rows of `npm run bench -- acts`: what a person does with one call while a large backlog goes out, and what a front costs
// that only watches ten workspaces with a long past. 127.0.0.1 and temp folders only.
import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { openOutboxes } from '../../electron/adapters/open-outbox.ts'
import { cpuOf } from './lib/desk.mjs'

const BACKLOG = 100_000
const CALL_MS = 20
/** Of each act. */
const TIMES = 20
const WORKSPACES = 10
const FINISHED = 300
const SETTLE_MS = 20_000
/** The collector's rounds, one in some 100 s, are part of it. */
const REST_MS = 120_000

const sleep = (ms) => new Promise((go) => setTimeout(go, ms))
const log = { debug() {}, info() {}, warn() {}, error() {} }
const line = (i) =>
  JSON.stringify({
    ts: new Date().toISOString(),
    method: 'POST',
    path: '/api/coord/messages',
    body: { from_session: 'M/a', project_key: 'p', subject: `call ${i}`, body: 'text' },
  })

/** An API in this process: it answers each write with `status()` after `ms()`. */
async function api(ms, status = () => 201) {
  const server = createServer((asked, answer) => {
    asked.resume().on('end', () => {
      const isWrite = asked.method !== 'GET'
      const body = isWrite ? '{"id":1}' : asked.url === '/health' ? '{"status":"ok"}' : '[]'
      const say = () =>
        answer.writeHead(isWrite ? status() : 200, { 'content-type': 'application/json' }).end(body)
      if (isWrite && ms() > 0) setTimeout(say, ms())
      else say()
    })
  })
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() }
}

function workspace(temp, name) {
  const path = join(temp, name)
  mkdirSync(join(path, '.claude'), { recursive: true })
  return { path, name, queue: join(path, '.claude/coord-queue.jsonl') }
}

async function acts({ temp, say, round }) {
  let ms = 0
  let status = 422
  const server = await api(
    () => ms,
    () => status,
  )
  const at = workspace(temp, 'acts')
  const open = openOutboxes({ workspaces: [at], home: join(temp, 'home-acts'), baseUrl: server.url, log })
  const [box] = open.outboxes
  for (let i = 0; i < 3 * TIMES; i++) appendFileSync(at.queue, `${line(`refused ${i}`)}\n`)
  await box.flush({ waitMs: 0, lanes: 1 })
  const { setAside } = await box.summary()
  appendFileSync(at.queue, Array.from({ length: BACKLOG }, (_, i) => line(i)).join('\n') + '\n')
  ms = CALL_MS
  status = 201
  let isOver = false
  const run = box.flush({ waitMs: 0, lanes: 1, isCancelled: () => isOver })
  await sleep(2_000)
  const took = { discard: [], edit: [], send: [] }
  for (const [i, { id }] of setAside.entries()) {
    const act = Object.keys(took)[i % 3]
    const since = performance.now()
    const done = await (act === 'discard'
      ? box.discard(id)
      : act === 'edit'
        ? box.edit(id, line(i))
        : box.sendAnyway(id))
    if (!done.ok) throw new Error(`bench: ${act}: ${done.error.message}`)
    took[act].push(performance.now() - since)
    await sleep(7)
  }
  isOver = true
  await run
  await open.close()
  server.stop()
  for (const [act, times] of Object.entries(took)) {
    times.sort((a, b) => a - b)
    say(
      `${act} of one call, while ${BACKLOG / 1000} 000 calls go out at ${CALL_MS} ms each (${times.length})`,
      `median ${round(times[times.length >> 1], 0)} ms`,
      `worst ${round(times.at(-1), 0)} ms`,
      '',
      '≤ 100 ms',
    )
  }
}

async function watching({ root, temp, say, round }) {
  if (process.platform !== 'linux') return
  const server = await api(() => 0)
  const home = join(temp, 'home-watch')
  const places = Array.from({ length: WORKSPACES }, (_, i) => workspace(temp, `watched-${i}`))
  const open = openOutboxes({ workspaces: places, home, baseUrl: server.url, log })
  for (let n = 0; n < FINISHED; n++)
    await Promise.all(
      open.outboxes.map((box, i) => {
        appendFileSync(places[i].queue, `${line(n)}\n`)
        return box.flush({ waitMs: 0, lanes: 1 })
      }),
    )
  await open.close()
  const env = {
    ...process.env,
    COORD_HOME: home,
    COORD_API_URL: server.url,
    COORD_WORKSPACES: places.map(({ path }) => path).join(':'),
  }
  const watch = () =>
    spawn(process.execPath, [join(root, 'build/scripts/coord.mjs'), 'watch', '--json'], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  const owner = watch()
  await sleep(5_000)
  const watcher = watch()
  await sleep(SETTLE_MS)
  const share = async (pid) => {
    const before = cpuOf([pid])
    await sleep(REST_MS)
    return ((cpuOf([pid]) - before) / (REST_MS / 1_000)) * 100
  }
  const [sends, looks] = await Promise.all([share(owner.pid), share(watcher.pid)])
  owner.kill()
  watcher.kill()
  server.stop()
  say(
    `coord watch that only watches ${WORKSPACES} workspaces of ${FINISHED} finished segments, at rest`,
    `${round(looks)} % of a core`,
    `the one that sends: ${round(sends)} %`,
    '',
    '≤ 0.2 %',
  )
}

export async function actsAndWatching(tools) {
  await acts(tools)
  await watching(tools)
}
