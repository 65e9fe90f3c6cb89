/**
 * A day of a person's machine in minutes: the real engine, connection and outboxes on a clock that is turned by hand,
 * an API and a desktop in memory, files in a folder of memory. What grows is seen after each simulated hour.
 */
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { err, ok } from '../../../../shared/result.ts'
import { BUCKET_MS, DAY_MS, MAX_INTERVALS } from '../../../core/engine/history.ts'
import { emptyHistory, type History } from '../../../core/engine/history-schema.ts'
import { MAX_MESSAGES } from '../../../core/engine/message-history.ts'
import { createEngine } from '../../../core/engine/engine.ts'
import { MAX_SEEN, MAX_TOLD, partsOfMessageKey } from '../../../core/engine/notifications/notified-ledger.ts'
import { createConnection } from '../../../core/coord/connection.ts'
import { createOutbox } from '../../../core/outbox/outbox.ts'
import type { Outbox } from '../../../core/outbox/contract.ts'
import { buildSettings } from '../../../core/testing/build.ts'
import { openMemory } from '../../engine-memory.ts'
import { SimulatedClock, turn } from '../../../testing/machine/clock.ts'
import { createSoleOwner, plainKeys, silentLog } from '../../../testing/machine/parts.ts'
import { createDayApi, type Mood } from './day-api.ts'
import { createDayDisk } from './day-disk.ts'

export interface DayOptions {
  readonly hours: number
  readonly workspaces: number
  /** Told of each hour that ended. */
  readonly onHour?: (hour: Hour) => void
  /** Collects garbage and gives the heap in use; 0 where nobody asked. */
  readonly heap: () => number
}

/** What is there at the end of a simulated hour, in a quiet minute. */
export interface Hour {
  readonly hour: number
  readonly heapBytes: number
  readonly timers: number
  readonly listeners: number
  readonly openFiles: number
  readonly lines: number
  readonly requests: number
  readonly told: number
  readonly seen: number
  readonly sessions: number
  readonly shown: number
  readonly keptBytes: number
}

export interface DayReport {
  readonly hours: readonly Hour[]
  readonly lines: number
  readonly delivered: number
  readonly setAside: number
  readonly skipped: number
  readonly waiting: number
  /** Numbered calls by how often the API applied them. */
  readonly appliedTwice: number
  /** Messages by how many notifications named them: none, one, more. */
  readonly posted: number
  readonly toldOnce: number
  readonly toldTwice: number
  readonly problems: readonly string[]
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const MOST = 1_000_000
const START = Date.UTC(2026, 0, 5, 8)

/** A small generator with a seed (mulberry32): the same day each time. */
function generator(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A history that has reached its bounds, of rows like those that this day adds. */
function longHistory(root: string, workspaces: number): History {
  const messages = Array.from({ length: MAX_MESSAGES }, (_, i) => ({
    server: 'day',
    id: `old-${i}`,
    from: 'OTHER/x',
    to: 'DAY/months-ago',
    project: 'p',
    subject: `subject ${i}`,
    body: 'text',
    createdAt: START - HOUR,
    readAt: START - HOUR,
  }))
  const locks = Array.from({ length: MAX_INTERVALS }, (_, i) => ({
    id: `old-${i}`,
    resource: `r${i}`,
    project: 'p',
    session: 'DAY/months-ago',
    from: START - HOUR,
    to: START - HOUR / 2,
  }))
  const buckets = Array.from({ length: DAY_MS / BUCKET_MS }, (_, i) => ({
    at: START - DAY_MS + i * BUCKET_MS,
    delivered: 10,
    waiting: 10,
    setAside: 10,
    newlyAside: 0,
    skipped: 0,
  }))
  const paths = Array.from({ length: workspaces }, (_, i) => join(root, `w${i}`))
  return {
    ...emptyHistory,
    messages,
    locks,
    counts: Object.fromEntries(paths.map((path) => [path, buckets])),
  }
}

export async function liveOneDay(options: DayOptions): Promise<DayReport> {
  const inMemory = fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const root = fs.mkdtempSync(join(inMemory, 'coord-day-'))
  try {
    return await live(root, options)
  } finally {
    fs.rmSync(root, { recursive: true, force: true })
  }
}

async function live(root: string, options: DayOptions): Promise<DayReport> {
  const random = generator(42)
  const clock = new SimulatedClock({ start: START, settle: turn })
  const disk = createDayDisk()
  const api = createDayApi(() => clock.now(), random, MOST)
  api.lost = 0.003
  const problems: string[] = []
  const log = {
    ...silentLog,
    error: (text: string, data?: unknown) => {
      problems.push(`${text} ${JSON.stringify(data)}`.slice(0, 500))
    },
  }
  let listeners = 0
  const counted = (off: () => void): (() => void) => {
    listeners++
    return () => {
      listeners--
      off()
    }
  }
  const ids = 'abcdefghijklmnopqrstuvwxyz0123456789'
  const randomPort = {
    next: random,
    id: (n: number) => Array.from({ length: n }, () => ids.charAt(Math.floor(random() * 36))).join(''),
  }
  const connection = createConnection({ http: api, clock, random: randomPort, log })
  const onChange = connection.onChange.bind(connection)
  connection.onChange = (listener) => counted(onChange(listener))

  // ---- the parts -------------------------------------------------------------------------------------------------------

  const home = join(root, 'home')
  fs.mkdirSync(home)
  // this app has lived for months: what it remembers has long reached its bounds
  const old = (i: number): string =>
    JSON.stringify(['message', 'day', `old-${i}`, '2025-12-01T00:00:00.000Z'])
  fs.writeFileSync(
    join(home, 'notified.json'),
    JSON.stringify({
      version: 1,
      servers: ['day'],
      told: Array.from({ length: MAX_TOLD }, (_, i) => old(i)),
      toldUpTo: {},
      isWaitingTold: false,
    }),
  )
  fs.writeFileSync(
    join(home, 'seen.json'),
    JSON.stringify(Array.from({ length: MAX_SEEN }, (_, i) => old(i))),
  )
  fs.writeFileSync(
    join(home, 'known-sessions.json'),
    JSON.stringify(Array.from({ length: 500 }, (_, i) => `DAY/months-ago-${i}`)),
  )
  fs.writeFileSync(join(home, 'history.json'), JSON.stringify(longHistory(root, options.workspaces)))
  const memory = openMemory(home)
  const outboxes: Outbox[] = []
  const hints = new Map<string, () => void>()
  const ends = { delivered: 0, setAside: 0, skipped: 0 }
  const settings = buildSettings({ machineName: 'DAY' })
  const engine = createEngine({
    clock,
    random: randomPort,
    log,
    connection,
    server: 'day',
    apiUrl: 'http://day',
    isServedHere: false,
    machine: { name: 'DAY', aliases: [] },
    settings,
    saveSettings: (s) => Promise.resolve(ok({ name: s.machineName, aliases: s.aliases })),
    memory,
    remembered: memory.remembered,
    outboxes: () => outboxes,
    useWorkspaces: () => Promise.resolve(),
    enqueue: () => Promise.resolve(err('not in this story')),
    enqueueSync: () => err('not in this story'),
    openLog: () => Promise.resolve(),
    raisesNotifications: true,
  })
  const folders = Array.from({ length: options.workspaces }, (_, i) => join(root, `w${i}`, '.claude'))
  for (const folder of folders) {
    fs.mkdirSync(folder, { recursive: true })
    outboxes.push(
      createOutbox({
        workspace: folder.slice(0, -'/.claude'.length),
        name: folder,
        fs: disk,
        clock,
        random: randomPort,
        keys: plainKeys,
        log,
        connection,
        owner: createSoleOwner(),
        watch: {
          watch(watched, onHint) {
            hints.set(watched, onHint)
            return counted(() => hints.delete(watched))
          },
        },
        emit(event) {
          if (event.kind === 'call.delivered') ends.delivered++
          else if (event.kind === 'call.set-aside') ends.setAside++
          else if (event.kind === 'call.skipped') ends.skipped++
          engine.dispatch(event)
        },
      }),
    )
  }

  // ---- the desktop: what it was told ---------------------------------------------------------------------------------------

  const toldOf = new Uint8Array(MOST)
  let snapshots = 0
  engine.onSnapshot(() => snapshots++)
  engine.onTrayView(() => snapshots++)
  engine.onNotifications(({ show }) => {
    for (const view of show)
      for (const key of engine.state().shown.find((s) => s.id === view.id)?.keys ?? []) {
        if (!partsOfMessageKey(key)) continue
        const number = Number(/"m-(\d+)"/.exec(key)?.[1])
        toldOf[number] = (toldOf[number] ?? 0) + 1
      }
  })

  // ---- what happens --------------------------------------------------------------------------------------------------------

  let lines = 0
  const append = (folder: string, text: string): void => {
    const file = join(folder, 'coord-queue.jsonl')
    fs.appendFileSync(file, text)
    fs.utimesSync(file, clock.now() / 1000, clock.now() / 1000)
    hints.get(folder)?.()
  }
  const line = (ws: number): string => {
    const n = lines++
    // a new session each hour, as people start and end them; in the first hour as many as are remembered
    const hour = Math.floor((clock.now() - START) / HOUR)
    const session = `DAY/w${ws}-${hour === 0 ? `first-${n % 10}` : hour}`
    const ts = new Date(clock.now()).toISOString()
    const as = (method: string, path: string, body?: unknown): string =>
      `${JSON.stringify({ ts, method, path: `/api/coord/${path}`, ...(body === undefined ? {} : { body }) })}\n`
    const dice = random()
    if (dice < 0.5)
      return as('POST', 'messages', {
        from_session: session,
        to_session: 'OTHER/x',
        project_key: 'p',
        subject: `call ${n}`,
        body: 'text',
      })
    if (dice < 0.75)
      return as('PUT', 'components', {
        project_key: `p${ws}`,
        component: `c${n % 20}`,
        state: 'built',
        notes: `call ${n}`,
        updated_by: session,
      })
    if (dice < 0.87)
      return as('POST', 'locks', {
        project_key: 'p',
        session_id: session,
        resource: `r${ws}-${n % 3}`,
        ttl_hours: 2,
        description: `call ${n}`,
      })
    if (dice < 0.99) return as('DELETE', `locks?session_id=${encodeURIComponent(session)}`)
    return as('PUT', `nothing/${n}`, { notes: 'no such path' })
  }
  const burst = (ws: number, count: number): void => {
    append(folders[ws] ?? '', Array.from({ length: count }, () => line(ws)).join(''))
  }
  const posted: number[] = []
  let postedCount = 0
  const post = (): void => {
    const to = random() < 0.1 ? null : `DAY/w${Math.floor(random() * options.workspaces)}-1`
    posted.push(api.post('OTHER/x', to))
    postedCount++
  }
  const seeAll = async (): Promise<void> => {
    const { messages } = engine.state()
    await engine.handlers['message.seen']({ ids: messages.map((m) => m.id) })
    const first = messages[0]
    if (first) await engine.handlers['message.read']({ id: first.id, session: null })
  }
  const window = (isOpen: boolean): void =>
    engine.dispatch({ kind: 'window.changed', isOpen, isFocused: isOpen && random() < 0.5 })
  async function discardAll(): Promise<void> {
    for (const box of outboxes) {
      const calls = await box.list('set-aside', 100)
      if (calls.length > 0) await engine.handlers['queue.discard']({ ids: calls.map((c) => c.id) })
    }
  }

  const moods: readonly (readonly [minute: number, lastsMinutes: number, mood: Mood])[] = [
    [12, 4, 'away'],
    [20, 2, 'busy'],
    [28, 1, 'broken'],
    [33, 1, 'page'],
  ]

  async function minute(hour: number, m: number): Promise<void> {
    const isBusyHour = hour === 0
    // the last minutes of each hour are quiet, so that hours can be compared
    const isQuiet = m >= 54
    for (const [at, lasts, mood] of moods) {
      // one trouble an hour, each in its turn, after the first hour; that one has all
      if (!isBusyHour && moods[hour % moods.length]?.[2] !== mood) continue
      if (m === at) api.mood = mood
      if (m === at + lasts) api.mood = 'well'
    }
    for (let ws = 0; ws < options.workspaces && !isQuiet; ws++) {
      // Monday morning: what was queued over the weekend, and a busy hour, fill every bounded memory
      if (isBusyHour && m < 4) burst(ws, 60)
      else if (isBusyHour) burst(ws, 1 + Math.floor(random() * 8))
      else if (random() < 0.07) burst(ws, 1 + Math.floor(random() * 5))
    }
    if (!isQuiet && random() < 0.7) post()
    if (!isQuiet && m === 40) for (let i = 0; i < 15; i++) post()
    if (m % 5 === 0) api.readAll(30)
    if (m % 3 === 0 && !isQuiet) api.churn(hour * 60 + m)
    if (m % 20 === 8) window(true)
    if (m % 20 === 10) await seeAll()
    if (m % 20 === 11) window(false)
    if (m === 44) engine.dispatch({ kind: 'screen.locked' })
    if (m === 47) engine.dispatch({ kind: 'screen.unlocked' })
    if (m === 17) engine.dispatch({ kind: 'power.source-changed', isOnBattery: hour % 2 === 0 })
    if (m === 50) await discardAll()
    if (m === 52 && hour % 3 === 1) {
      engine.dispatch({ kind: 'power.suspended' })
      clock.suspend(HOUR / 2)
      engine.dispatch({ kind: 'power.resumed' })
    }
    if (m === 53) engine.dispatch({ kind: 'network.changed' })
    await clock.advance(MINUTE)
  }

  const hours: Hour[] = []
  const look = (hour: number): void => {
    const state = engine.state()
    const at: Hour = {
      hour,
      heapBytes: options.heap(),
      timers: clock.timers(),
      listeners,
      openFiles: disk.openFiles(),
      lines,
      requests: api.requests(),
      told: state.notified.told.length,
      seen: state.seen.length,
      sessions: state.sessions.length,
      shown: state.shown.length,
      keptBytes: fs.readdirSync(home).reduce((sum, name) => sum + fs.statSync(join(home, name)).size, 0),
    }
    hours.push(at)
    options.onHour?.(at)
  }

  connection.start()
  engine.start()
  for (const box of outboxes) await box.start()
  for (let hour = 0; hour < options.hours; hour++) {
    for (let m = 0; m < 60; m++) await minute(hour, m)
    look(hour + 1)
  }
  let waiting = 0
  for (const box of outboxes) waiting += (await box.summary()).waiting
  await engine.stop()
  for (const box of outboxes) await box.stop()
  connection.stop()
  if (clock.timers() > 0) problems.push(`${clock.timers()} timers are left when all is stopped`)
  if (listeners > 0) problems.push(`${listeners} listeners are left when all is stopped`)
  if (disk.openFiles() > 0) problems.push(`${disk.openFiles()} files are open when all is stopped`)
  return {
    hours,
    lines,
    ...ends,
    waiting,
    appliedTwice: api.applied.filter((n) => n > 1).length,
    posted: postedCount,
    toldOnce: posted.filter((n) => toldOf[n] === 1).length,
    toldTwice: posted.filter((n) => (toldOf[n] ?? 0) > 1).length,
    problems,
  }
}
