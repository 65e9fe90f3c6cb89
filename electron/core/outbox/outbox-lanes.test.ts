/** `flush --lanes N` against a real HTTP server that takes its time: order per resource, barriers, width, pauses, group commit. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { claim, component, message, place, releaseAll, type Place } from '../../adapters/testing/place.ts'
import type { FlushCounts } from '../../../shared/protocol.ts'
import { parseLine } from './lines/parse-line.ts'
import { targetOf } from './replay/call-target.ts'

let at: Place
let server: Liar
let inFlight = 0
let most = 0
/** `+lane` when a call arrives, `-lane` when it is answered. */
let story: string[] = []
beforeEach(async () => {
  at = place()
  server = await new Liar().listen()
  ;[inFlight, most, story] = [0, 0, []]
})
afterEach(async () => {
  await server.close()
  at.remove()
})

async function flush(lanes: number, waitMs = 0): Promise<FlushCounts> {
  const opened = at.open(server.url)
  const done = await opened.box.flush({ waitMs, lanes })
  await opened.close()
  if (!done.ok) throw new Error(done.error.message)
  return done.value
}
const laneOf = (method: string, path: string, body: string): string => {
  const bytes = Buffer.from(
    JSON.stringify({ method, path, ...(body ? { body: JSON.parse(body) as unknown } : {}) }),
  )
  const entry = parseLine({
    offset: 0,
    bytes,
    length: bytes.length,
    encoding: 'utf-8',
    isTerminated: true,
  })[0]
  return entry?.verdict.kind === 'send' ? targetOf(entry.verdict.call).lane : '?'
}
/** Answers truthfully, each call after a time of its own; a later one may well be the first. */
function slowly(): void {
  server.lie = (asked) => {
    if (!asked.isWrite) return undefined
    const lane = laneOf(asked.method, asked.path, asked.body)
    story.push(`+${lane}`)
    most = Math.max(most, ++inFlight)
    const reply = server.truth(asked)
    setTimeout(
      () => {
        inFlight--
        story.push(`-${lane}`)
        asked.res.writeHead(reply.status, { 'content-type': 'application/json' })
        asked.res.end(JSON.stringify(reply.body))
      },
      1 + ((asked.n * 7) % 13),
    )
    return 'handled'
  }
}
const states = (name: string): unknown[] =>
  server.api.arrivals
    .filter((a) => a.path.endsWith(`/${name}`))
    .map((a) => (JSON.parse(a.body) as { state: string }).state)

it('file order per resource, several at once, never more than asked for', async () => {
  const lines = Array.from({ length: 240 }, (_, i) => component(`c${i % 12}`, `s${i}`))
  at.add(...lines)
  slowly()
  expect(await flush(8)).toMatchObject({ delivered: 240, waiting: 0 })
  expect(most).toBe(8)
  for (let c = 0; c < 12; c++)
    expect(states(`c${c}`)).toEqual(Array.from({ length: 20 }, (_, k) => `s${c + 12 * k}`))
  expect(new Set(server.api.arrivals.map((a) => a.key)).size).toBe(240)
})

it('a call that crosses resources runs alone: all before it have been answered, none behind it was sent', async () => {
  at.add(
    ...Array.from({ length: 10 }, (_, i) => component(`c${i}`, 'before')),
    claim('r', 'M/a'),
    releaseAll('M/other'),
    ...Array.from({ length: 10 }, (_, i) => component(`c${i}`, 'behind')),
  )
  slowly()
  expect(await flush(16)).toMatchObject({ delivered: 22, waiting: 0 })
  expect(most).toBeGreaterThan(4)
  const barrier = story.indexOf('+barrier')
  expect(story[barrier + 1]).toBe('-barrier')
  const before = story.slice(0, barrier)
  expect(before.filter((s) => s.startsWith('+'))).toHaveLength(11)
  expect(before.filter((s) => s.startsWith('-'))).toHaveLength(11)
})

it('one lane that is paused stops all: what was in flight ends, the rest waits in its order; after Retry-After one call goes first', async () => {
  const lines = Array.from({ length: 60 }, (_, i) => component(`c${i % 10}`, `s${i}`))
  at.add(...lines)
  slowly()
  const truth = server.lie
  let asks = 0
  let refusedAt = 0
  const alone: number[] = []
  server.lie = (asked) => {
    if (asked.isWrite && asked.n >= 20 && asks < 1) {
      asks++
      refusedAt = performance.now()
      return { status: 503, headers: { 'retry-after': '1' }, body: { detail: 'busy' } }
    }
    if (asked.isWrite && refusedAt > 0 && performance.now() - refusedAt > 500) alone.push(inFlight)
    return truth(asked)
  }
  expect(await flush(8, 5_000)).toMatchObject({ delivered: 60, waiting: 0 })
  // the first after the pause found the line empty
  expect(alone[0]).toBe(0)
  for (let c = 0; c < 10; c++) {
    const order = states(`c${c}`)
    expect(order.filter((s, i) => order.indexOf(s) === i)).toEqual(
      Array.from({ length: 6 }, (_, k) => `s${c + 10 * k}`),
    )
  }
})

it('intents are on disk before their calls go out, however many go at once', async () => {
  at.add(...Array.from({ length: 300 }, (_, i) => component(`c${i}`, 's')))
  const missing: string[] = []
  server.lie = (asked) => {
    if (!asked.isWrite) return undefined
    const intents = at
      .ledgers()
      .split('\n')
      .filter((l) => l.includes('"t":"intent"')).length
    if (intents < asked.n + 1) missing.push(`call ${asked.n}, ${intents} intents`)
    return undefined
  }
  expect(await flush(16)).toMatchObject({ delivered: 300, waiting: 0 })
  expect(missing).toEqual([])
})

it('messages of one session keep their order, those of others overtake', async () => {
  at.add(
    ...Array.from({ length: 90 }, (_, i) => ({
      ...message(`m${i}`),
      body: { from_session: `M/${i % 3}`, project_key: 'p', subject: `m${i}`, body: 'x' },
    })),
  )
  slowly()
  expect(await flush(16)).toMatchObject({ delivered: 90, waiting: 0 })
  expect(most).toBe(3)
  for (let s = 0; s < 3; s++)
    expect(
      server.api.messages.filter((m) => m['from_session'] === `M/${s}`).map((m) => m['subject']),
    ).toEqual(Array.from({ length: 30 }, (_, k) => `m${s + 3 * k}`))
})
