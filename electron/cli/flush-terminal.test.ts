/** `coord flush` as a person sees it on a terminal, through a real pty: progress, and Ctrl-C, which loses nothing. */
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar, type Asked } from '../adapters/testing/liar.ts'
import { openOutboxes } from '../adapters/open-outbox.ts'
import { silentLog } from '../testing/machine/parts.ts'
import { message, until } from '../adapters/testing/place.ts'
import { CLI, place, type Place } from './testing/coord.ts'

let at: Place
let server: Liar
beforeEach(async () => {
  server = await new Liar().listen()
  server.api.honoursKeys = false
  at = place(server.url)
})
afterEach(async () => {
  await server.close()
  at.remove()
})
const add = (n: number, from = 0): void =>
  appendFileSync(
    join(at.project, '.claude', 'coord-queue.jsonl'),
    Array.from({ length: n }, (_, i) => `${JSON.stringify(message(`m${from + i}`))}\n`).join(''),
  )
const all = (n: number): string[] => Array.from({ length: n }, (_, i) => `m${i}`)
const subjects = (): unknown[] => server.api.messages.map((m) => m['subject'])
const slowly = (ms: number) => (asked: Asked) => {
  if (!asked.isWrite) return undefined
  const reply = server.truth(asked)
  setTimeout(() => asked.res.writeHead(reply.status).end(JSON.stringify(reply.body)), ms)
  return 'handled' as const
}

interface Counts {
  readonly delivered: number
  readonly setAside: number
  readonly waiting: number
}
interface Terminal {
  /** What the terminal shows (stderr; stdout goes to a file). */
  shown(): string
  press(key: string): void
  readonly ended: Promise<number | null>
  json(): Counts
}
/** `coord ARGS --json > out` in a terminal of its own. */
function terminal(...args: string[]): Terminal {
  const out = join(at.root, 'out.json')
  const command = ['exec', process.execPath, CLI, ...args, '--json', '>', out].join(' ')
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: at.project,
    env: { ...at.env, SHELL: '/bin/sh', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (c: string) => (text += c))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return {
    shown: () => text,
    press: (key) => void child.stdin.write(key),
    ended,
    json: () => JSON.parse(readFileSync(out, 'utf8')) as Counts,
  }
}
/** The next flush, in this process. */
async function flushed(): Promise<unknown> {
  const opened = openOutboxes({
    workspaces: [{ path: at.project, name: 'project' }],
    home: at.home,
    baseUrl: server.url,
    log: silentLog,
  })
  const done = await opened.outboxes[0]?.flush({ waitMs: 5_000, lanes: 1 })
  await opened.close()
  return done
}
const CTRL_C = '\u0003'

describe('coord flush on a terminal', () => {
  it('shows progress with rate and time left on stderr, and the result alone on stdout', async () => {
    add(150)
    server.lie = slowly(5)
    const t = terminal('flush')
    expect(await t.ended).toBe(0)
    expect(t.shown()).toMatch(/\d+ sent, \d+ to go, \d+\/s, \d+ s left/)
    const goes = [...t.shown().matchAll(/(\d+) sent, (\d+) to go/g)].map((m) => [Number(m[1]), Number(m[2])])
    expect(goes.length).toBeGreaterThan(1)
    for (const [sent = 0, left = 0] of goes) expect(sent + left).toBeLessThanOrEqual(150)
    // the line of progress is wiped at the end
    expect(t.shown().trimEnd().endsWith('\r\u001b[K')).toBe(true)
    expect(t.json()).toMatchObject({ delivered: 150, waiting: 0 })
  })
  it.each([1, 4])(
    'Ctrl-C with %d at once: what is in flight is finished, the counts are told, exit 3; a second flush sends the rest, nothing twice',
    async (lanes) => {
      add(400)
      server.lie = slowly(10)
      const t = terminal('flush', '--lanes', String(lanes))
      await until(() => server.api.arrivals.length > 30)
      t.press(CTRL_C)
      expect(await t.ended).toBe(3)
      const sent = server.api.arrivals.length
      expect(sent).toBeLessThan(400)
      expect(t.json()).toMatchObject({ delivered: sent, waiting: 400 - sent })
      expect(t.shown()).toContain('stopping behind the call in flight')
      expect(t.shown()).toContain(`stopped; ${400 - sent} wait`)
      server.lie = () => undefined
      // and where nobody watches, no progress is shown
      const rest = await at.coord(['flush', '--json'])
      expect(rest).toMatchObject({ code: 0, stderr: '', json: { delivered: 400 - sent, waiting: 0 } })
      expect(subjects()).toEqual(all(400))
      expect(server.api.arrivals).toHaveLength(400)
    },
  )
  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    '%s, as a service manager or a terminal that closes sends it: the same counts, exit 3',
    async (signal) => {
      add(400)
      server.lie = slowly(10)
      const child = at.start(['flush', '--json'])
      const said = { stdout: '', stderr: '' }
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream]?.setEncoding('utf8').on('data', (c: string) => (said[stream] += c))
      const ended = new Promise<unknown>((resolve) => child.once('close', (...end) => resolve(end)))
      await until(() => server.api.arrivals.length > 30)
      child.kill(signal)
      // a terminal that closes says so twice
      if (signal === 'SIGHUP') {
        await until(() => said.stderr.includes('stopping behind'))
        child.kill(signal)
      }
      expect(await ended).toEqual([3, null])
      const sent = server.api.arrivals.length
      expect(sent).toBeLessThan(400)
      expect(JSON.parse(said.stdout)).toMatchObject({ delivered: sent, waiting: 400 - sent })
      expect(said.stderr).toContain('stopping behind the call in flight')
      expect(said.stderr).toContain(`stopped; ${400 - sent} wait`)
    },
  )
  it.each([
    ['twice', 2],
    ['once, and the API never answers', 1],
  ])('Ctrl-C %s: ends with 3; what was in flight is looked up, one duplicate at most', async (_, times) => {
    add(5)
    let isHanging = true
    server.lie = (asked) => {
      if (!asked.isWrite || asked.n < 2 || !isHanging) return undefined
      server.truth(asked)
      return 'handled'
    }
    const t = terminal('flush')
    await until(() => server.api.arrivals.length === 3)
    const from = performance.now()
    t.press(CTRL_C)
    if (times === 2) {
      await until(() => t.shown().includes('stopping behind'))
      t.press(CTRL_C)
    }
    expect(await t.ended).toBe(3)
    expect(performance.now() - from).toBeLessThan(15_000)
    expect(t.shown()).toContain('nothing is lost')
    isHanging = false
    expect(await flushed()).toMatchObject({ ok: true, value: { waiting: 0 } })
    expect(subjects().filter((s, i) => subjects().indexOf(s) === i)).toEqual(all(5))
    expect(server.api.arrivals.length).toBeLessThanOrEqual(6)
  })
  it('Ctrl-C while it waits for a Retry-After: ends at once with 3, and tells what waits', async () => {
    add(2)
    server.lie = (asked) =>
      asked.isWrite && asked.n === 0 ? { status: 503, headers: { 'retry-after': '20' } } : undefined
    const t = terminal('flush')
    await until(() => readLedger().includes('"unsent"') || server.api.arrivals.length > 0)
    const from = performance.now()
    t.press(CTRL_C)
    expect(await t.ended).toBe(3)
    expect(performance.now() - from).toBeLessThan(5_000)
    expect(t.json()).toMatchObject({ delivered: 0, waiting: 2 })
    expect(await flushed()).toMatchObject({ ok: true, value: { delivered: 2, waiting: 0 } })
  })
  it('an API that takes every connection and answers none is told as soon as by any other command @long', async () => {
    add(1)
    server.lie = () => 'handled'
    const ran = await at.coord(['flush'])
    expect([ran.code, ran.stdout]).toEqual([3, '0 delivered, 0 set aside, 0 skipped, 1 waiting.\n'])
    expect(ran.stderr).toMatch(/^coord: waiting for .*\ncoord: .* does not answer .*\n$/)
    expect(ran.ms).toBeLessThan(12_000)
  })
  const readLedger = (): string => {
    const found = spawnSync('sh', ['-c', 'cat .claude/.coord-outbox/*.led'], { cwd: at.project })
    return String(found.stdout)
  }
  it('a folder that cannot be sent from is told in words, and ends with 3', async () => {
    add(1)
    // a file where the outbox folder should be: what a read-only folder is to somebody who is not root
    appendFileSync(join(at.project, '.claude', '.coord-outbox'), '')
    const ran = await at.coord(['flush', '--json'])
    expect(ran).toMatchObject({ code: 3, json: { waiting: 1 } })
    expect(ran.stderr).toContain('Nothing is sent from here now')
    expect(ran.stderr).toContain('Nothing is lost')
    // the API is there; said here, it would contradict that
    expect(server.api.arrivals).toEqual([])
    expect(ran.stderr).not.toContain('Connected')
  })
})
