#!/usr/bin/env node
// `npm run soak`: the real tray app on a display and a bus of its own, beside a real API, for 20 minutes. Its window is
// opened and closed 20 times while lines are appended and messages posted all along. Every ten seconds the memory of all
// its processes (PSS) is taken. Exit 1 where the app grew by more than 10 % from minute 5 to the end, a window's process
// outlived its window, or a line or a message was lost or doubled.
//
//   npm run soak [-- --minutes N]        (127.0.0.1 and temp folders only; ends by itself)
import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureNode } from '../scripts/lib/need-node.cjs'
import { electronEnv, findElectron, isRoot } from '../scripts/lib/runtime.mjs'
import { ensureBus, medianOf, pssOf, sleep, startDisplay, treeOf } from './lib/desk.mjs'

ensureNode()
ensureBus()
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '20' } } })
const minutes = Number(values.minutes)
const lastsMs = minutes * 60_000
const CYCLES = Math.max(1, Math.round(minutes))
const SAMPLE_MS = 10_000
const OPEN_MS = 12_000
/** The window's own delay is 30 s; what it takes to end a process comes on top. */
const GONE_MS = 40_000
const ALLOWED = 1.1

const { DesktopDouble, ROOT, freePort, processesOf, startApi, tempDir, until, windowsOf } =
  await import('../../e2e/support/desktop.ts')
const { exe, why } = await findElectron({ mayDownload: false })
if (exe === null) throw new Error(`soak: ${why}`)
const display = await startDisplay()
process.env.DISPLAY = display.name
const home = tempDir('soak-home')
const projects = Array.from({ length: 6 }, (_, i) => tempDir(`soak-${i}`))
for (const project of projects) mkdirSync(join(project.path, '.claude'))
const desktop = await DesktopDouble.start()
const api = await startApi(await freePort(), join(home.path, 'api.db'))

const app = spawn(
  exe,
  [
    ...(isRoot ? ['--no-sandbox'] : []),
    `--user-data-dir=${join(home.path, 'electron')}`,
    '-r',
    join(import.meta.dirname, 'lib/close-windows.cjs'),
    ROOT,
  ],
  {
    env: electronEnv({
      COORD_HOME: home.path,
      COORD_API_URL: api.url,
      COORD_MACHINE: 'SOAK',
      COORD_WORKSPACES: projects.map((p) => p.path).join(':'),
    }),
    stdio: ['ignore', 'inherit', 'inherit'],
  },
)
let hasEnded = false
app.once('exit', () => (hasEnded = true))
const begin = performance.now()
const seconds = () => Math.round((performance.now() - begin) / 1000)
let isOver = false
const faults = []

// ---- what happens all along ---------------------------------------------------------------------------------------

const call = async (method, path, body) => {
  const answer = await fetch(`${api.url}/api/coord/${path}`, {
    method,
    headers: body ? { 'content-type': 'application/json' } : {},
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`)
  const value = await answer.json()
  return Array.isArray(value) ? value : (Object.values(value).find(Array.isArray) ?? value)
}
/** All rows of a list: page by page, by the key that the server gives. */
const callAll = async (path) => {
  const rows = []
  for (let next = `/api/coord/${path}`; next;) {
    const answer = await fetch(api.url + next)
    if (!answer.ok) throw new Error(`GET ${next}: ${answer.status}`)
    rows.push(...(await answer.json()))
    next = /<([^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  return rows
}
let lines = 0
/** Of these, messages: what is counted at the end. */
let texts = 0
const append = (method, path, body) =>
  appendFileSync(
    join(projects[lines++ % projects.length].path, '.claude/coord-queue.jsonl'),
    `${JSON.stringify({ ts: new Date().toISOString(), method, path: `/api/coord/${path}`, body })}\n`,
  )

/** Lines as sessions write them: a message, a component's state, a claim and later its release. */
async function sessions() {
  for (let n = 0; !isOver; n++) {
    append('POST', 'messages', {
      from_session: `SOAK/s${n % 6}`,
      to_session: 'OTHER/x',
      project_key: 'p',
      subject: `line ${n}`,
      body: 'x'.repeat(200),
    })
    texts++
    if (n % 3 === 0)
      append('PUT', 'components', {
        project_key: 'p',
        component: `c${n % 20}`,
        state: 'built',
        updated_by: `SOAK/s${n % 6}`,
      })
    if (n % 5 === 0)
      append('POST', 'locks', {
        project_key: 'p',
        session_id: `SOAK/s${n % 6}`,
        resource: `r${n % 10}`,
        ttl_hours: 2,
      })
    if (n % 20 === 19) append('DELETE', `locks?session_id=SOAK%2Fs${n % 6}`)
    await sleep(700)
  }
}
let posted = 0
/** Messages to this machine from elsewhere; all but the newest thirty are read by their sessions. */
async function others() {
  const open = []
  for (; !isOver; posted++) {
    const { id } = await call('POST', 'messages', {
      from_session: 'OTHER/x',
      to_session: `SOAK/s${posted % 6}`,
      project_key: 'p',
      subject: `message ${posted}`,
      body: 'y'.repeat(300),
    })
    open.push(id)
    if (open.length > 30) await call('PUT', `messages/${open.shift()}/read`)
    await sleep(4_000)
  }
}

// ---- what is measured -----------------------------------------------------------------------------------------------

const samples = []
async function sampling() {
  for (let n = 1; !isOver; n++) {
    const pids = treeOf(app.pid)
    const sample = {
      at: seconds(),
      app: pssOf(pids),
      main: pssOf([app.pid]),
      windows: windowsOf(home.path),
      processes: pids.length,
    }
    samples.push(sample)
    if (n % 6 === 0)
      console.log(
        `${String(sample.at).padStart(5)} s  app ${sample.app.toFixed(0)} MB (main ${sample.main.toFixed(0)}), ${sample.processes} processes, ${sample.windows} windows; ${lines} lines, ${posted} messages`,
      )
    await sleep(Math.max(0, begin + n * SAMPLE_MS - performance.now()))
  }
}
let cycles = 0
let left = 0
async function cycling() {
  const every = lastsMs / CYCLES
  for (; cycles < CYCLES; cycles++) {
    await desktop.ask('activate', 'activated')
    await until('the window', () => windowsOf(home.path) > 0, 20_000)
    await sleep(OPEN_MS)
    process.kill(app.pid, 'SIGUSR2')
    try {
      await until('its process to go', () => windowsOf(home.path) === 0, GONE_MS)
    } catch {
      left++
    }
    await sleep(Math.max(0, begin + (cycles + 1) * every - performance.now()))
  }
}

try {
  await desktop.registered(app.pid)
  console.log(`soak: ${minutes} minutes, ${CYCLES} open-close cycles, ${why}, display ${display.name}`)
  const work = [sessions(), others(), sampling()]
  for (const task of work) task.catch((error) => faults.push(String(error)))
  await cycling()
  await sleep(Math.max(0, begin + lastsMs - performance.now()))
  isOver = true
  await Promise.all(work)
  if (hasEnded) faults.push('the app ended by itself')

  // every line arrived, each once; no message was told of twice
  const sent = await until(
    'every line to arrive',
    async () => {
      const rows = (await callAll('messages?for_machine=OTHER')).filter((m) => m.to_session === 'OTHER/x')
      return rows.length >= texts && rows.map((m) => m.subject)
    },
    30_000,
  )
  if (new Set(sent).size !== texts || sent.length !== texts)
    faults.push(`${texts} message lines, ${sent.length} arrived, ${new Set(sent).size} of them distinct`)
  const told = desktop.all('notify').filter((fact) => /^message \d+$/.test(fact.body))
  if (new Set(told.map((fact) => fact.body)).size !== told.length) faults.push('a message was told of twice')
  if (told.length === 0) faults.push('no message was told of')

  const end = seconds()
  const fifth = Math.min(300, end / 4)
  const of = (from, to) =>
    medianOf(samples.filter((s) => s.windows === 0 && s.at >= from && s.at <= to).map((s) => s.app))
  const [start, early, late] = [samples[0].app, of(fifth - 60, fifth + 60), of(end - 120, end)]
  const most = Math.max(...samples.map((s) => s.app))
  console.log(
    `soak: ${minutes} min in ${why}: PSS of all processes: start ${start.toFixed(0)} MB, at ${Math.round(fifth)} s ${early.toFixed(0)}, end ${late.toFixed(0)} (${((late / early - 1) * 100).toFixed(1)} %), max with a window ${most.toFixed(0)}; main alone ${samples[0].main.toFixed(0)} → ${samples.at(-1).main.toFixed(0)}`,
  )
  console.log(
    `soak: ${cycles} open-close cycles, ${left} windows' processes left over; ${lines} lines in ${projects.length} projects, all arrived once; ${posted} messages, ${told.length} told one by one, ${desktop.all('notify').length} notifications in all`,
  )
  if (late > early * ALLOWED) faults.push(`memory grew by more than ${Math.round((ALLOWED - 1) * 100)} %`)
  if (left > 0) faults.push(`${left} windows' processes outlived their windows`)
} catch (error) {
  faults.push(String(error))
} finally {
  isOver = true
  mkdirSync(join(ROOT, 'out'), { recursive: true })
  writeFileSync(join(ROOT, 'out/soak.json'), JSON.stringify({ minutes, why, samples }, null, 1))
  for (const pid of new Set([...treeOf(app.pid), ...processesOf(home.path)]))
    if (pid !== process.pid)
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // gone with its parent
      }
  await api.stop()
  desktop.stop()
  display.stop()
  for (const dir of [home, ...projects]) dir.remove()
}
for (const fault of faults) console.log(`soak: NOT WELL: ${fault}`)
process.exit(faults.length > 0 ? 1 : 0)
