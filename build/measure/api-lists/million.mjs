// Fills a database with the messages and locks of 200 workstations in 50 projects.
import { DatabaseSync } from 'node:sqlite'

export const STATIONS = 200
export const PROJECTS = 50

/** Fills the tables straight: through the server it would take an hour. */
export function fill(file, messages) {
  const db = new DatabaseSync(file)
  db.function('session_key', (text) => text)
  db.exec('PRAGMA synchronous = OFF')
  const now = Date.now()
  db.exec('BEGIN')
  fillMessages(db, messages, now)
  fillLocks(db, now)
  db.exec('COMMIT')
  db.close()
}

/** A fifth of them are broadcasts, half are read. */
function fillMessages(db, messages, now) {
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
}

function fillLocks(db, now) {
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
}
