// What a replay is measured beside: the same calls by undici alone, each made durable the same way where that is asked for.
// As a program (a replay is one, too, and is as cold at its start): node bare-loop.mjs PORT CALLS CONNECTIONS [FILE]
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'

/** More sessions than lanes: calls of one session keep their order, so they share a lane. */
const SESSIONS = 64

/** One line of a queue file, as a session writes it. */
export const line = (i) =>
  JSON.stringify({
    ts: new Date().toISOString(),
    method: 'POST',
    path: '/api/coord/messages',
    body: {
      from_session: `M/s${i % SESSIONS}`,
      project_key: 'p',
      subject: `call ${i}`,
      body: 'a body of ordinary length, as sessions write them',
    },
  })

/** Appends to a file; those that ask while a sync is under way share the next one. */
function groupCommit(file) {
  let waiting = ''
  let running
  let queued
  const write = async () => {
    const bytes = waiting
    waiting = ''
    await file.write(bytes)
    await file.datasync()
    if (!queued) running = undefined
  }
  return (bytes) => {
    waiting += bytes
    if (!running) return (running = write())
    queued ??= running.then(() => {
      queued = undefined
      return (running = write())
    })
    return queued
  }
}

/** Sends `calls` calls, one a connection at a time. `file`: where a line of each is made durable; undefined: nowhere. */
export async function bareLoop({ file, port, calls, connections }) {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1 })
  const ledger = file === undefined ? undefined : await open(file, 'a')
  const commit = ledger && groupCommit(ledger)
  let next = 0
  const sendAll = async () => {
    while (next < calls) {
      const answer = await pool.request({
        method: 'POST',
        path: '/api/coord/messages',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(JSON.parse(line(next++)).body),
      })
      await answer.body.text()
      await commit?.('x'.repeat(150) + '\n')
    }
  }
  await Promise.all(Array.from({ length: connections }, sendAll))
  await ledger?.close()
  await pool.close()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, calls, connections, file] = process.argv.slice(2)
  await bareLoop({ file, port, calls: Number(calls), connections: Number(connections) })
}
