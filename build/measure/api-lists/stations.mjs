// What the API costs and how soon it tells news, while 200 workstations poll it and listen to it.
import { Pool } from 'undici'
import { cpuOf, hasProc, sleep } from '../lib/desk.mjs'
import { listen } from './listen.mjs'
import { STATIONS } from './million.mjs'
import { quantile } from '../lib/quantile.mjs'

const POLL_SECONDS = 30
const NEWS = 100

/** The workstations poll locks and messages each 15 s with what they know, and listen; nothing changes, then messages come. */
export async function stations(server, say, round) {
  const pool = new Pool(server.url, { connections: 64, pipelining: 1 })
  const poller = pollerOf(pool)
  for (let n = 0; n < STATIONS; n++) await poller.pollBoth(n)
  const polling = await pollWithoutNews(server.pid, poller)
  say(
    `API: ${STATIONS} workstations poll two full lists each 15 s, nothing changes`,
    shareText(polling.share, round),
    `${round(polling.bytesPerSecond / 1024, 1)} kB/s, ${polling.unchanged} × 304`,
    '',
    '≤ 8 %',
  )
  const listeners = listenAtAll(server.url)
  const listening = await pollWithoutNews(server.pid, poller)
  say(`API: the same, and all of them listen`, shareText(listening.share, round), '', '', '≤ 8 %')
  const late = await newsTimes(pool, listeners)
  listeners.end()
  say(
    `API: message posted → event heard, ${STATIONS} listeners`,
    `p50 ${round(quantile(late, 0.5), 1)} ms`,
    `p99 ${round(quantile(late, 0.99), 1)} ms`,
    '',
    '≤ 300 ms to the notification',
  )
  await pool.close()
}

const shareText = (share, round) => (share === null ? 'not read here' : `${round(share, 1)} % of a core`)

/** Polls as any of the workstations, each with the tags that it knows; counts what comes back. */
function pollerOf(pool) {
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
  return {
    async pollBoth(n) {
      await poll(n, '/locks')
      await poll(n, `/messages?for_machine=m${n}&unread_only=true&order=newest`)
    },
    countAnew() {
      bytes = 0
      unchanged = 0
    },
    counted: () => ({ bytes, unchanged }),
  }
}

/** The server's share of a core while all poll and nothing changes; null where the system does not say it. */
async function pollWithoutNews(serverPid, poller) {
  await sleep(1_000)
  poller.countAnew()
  const before = cpuOf([serverPid])
  const t = performance.now()
  const polls = []
  while (performance.now() - t < POLL_SECONDS * 1000) {
    for (let n = 0; n < STATIONS / 15; n++) polls.push(poller.pollBoth(Math.floor(Math.random() * STATIONS)))
    await sleep(1_000)
  }
  await Promise.all(polls)
  const elapsed = (performance.now() - t) / 1000
  const share = hasProc ? ((cpuOf([serverPid]) - before) / elapsed) * 100 : null
  const { bytes, unchanged } = poller.counted()
  return { share, bytesPerSecond: bytes / elapsed, unchanged }
}

/** All workstations listen at once; one of them at a time can be waited for. */
function listenAtAll(url) {
  let heard = () => {}
  const ends = Array.from({ length: STATIONS }, (_, n) =>
    listen(url, `m${n}`, (name, data) => heard(n, name, data)),
  )
  return {
    /** When this workstation hears of a message. */
    newsAt: (target) =>
      new Promise((go) => {
        heard = (n, name, data) => {
          if (n === target && name === 'change' && data.kind === 'messages') go(performance.now())
        }
      }),
    end() {
      for (const end of ends) end()
    },
  }
}

/** The ms from a message that is posted to its event at its receiver, sorted. */
async function newsTimes(pool, listeners) {
  const late = []
  for (let i = 0; i < NEWS; i++) {
    const target = i % STATIONS
    const came = listeners.newsAt(target)
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
  return late.sort((a, b) => a - b)
}
