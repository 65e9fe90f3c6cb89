/**
 * Every kind of foreign writer at once, each a process of its own, holding descriptors across claims, while claims and flushes go on:
 * every line arrives once, whole, in its writer's order. COORD_LONG=1: 40 000 lines.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ALL_WRITERS, startWriter, type WriterName } from '../../../build/measure/torture/writers.ts'
import { Liar } from '../../adapters/testing/liar.ts'
import { now, place, until, type Place } from '../../adapters/testing/place.ts'
import { decodeLedger } from './segments/ledger-format.ts'

const isLong = process.env['COORD_LONG'] === '1'
const LINES = isLong ? 40_000 : 3_000
const PORTIONS = isLong ? 80 : 15
/** A process for each line: few. */
const SLOW: WriterName = 'jq-each'
/** Keeps its lines to itself until it has many. */
const LATE: WriterName = 'python-buffer'
const ofSlow = PORTIONS * 2
const ofOther = Math.floor((LINES - ofSlow) / (ALL_WRITERS.length - 1))
const countOf = (w: WriterName): number => (w === SLOW ? ofSlow : ofOther)

let at: Place
let server: Liar
beforeAll(async () => {
  at = place()
  server = await new Liar().listen()
})
afterAll(async () => {
  await server.close()
  at.remove()
})

// characters whose UTF-16 bytes hold 0x0a and 0x0d, and lengths that put what follows at odd and even places
const text = (i: number): string => `é Ċ ഊ 😀 ${'x'.repeat((i * 7) % 90)}`
const line = (w: WriterName, i: number): string =>
  JSON.stringify({
    ts: now(),
    method: 'POST',
    path: '/api/coord/messages',
    body: { from_session: `M/${w}`, project_key: 'p', subject: `${w} ${i}`, body: text(i) },
  })

it(`${LINES} lines of ${ALL_WRITERS.length} kinds of writers, while claims go on: none lost, none torn, each writer in its order`, async () => {
  const writers = ALL_WRITERS.map((name) => ({ name, told: 0, writer: startWriter(name, at.queue) }))
  let opened = at.open(server.url)
  const total = { delivered: 0, setAside: 0, skipped: 0 }
  const flush = async (lanes: number, waitMs = 0): Promise<number> => {
    const done = await opened.box.flush({ waitMs, lanes })
    if (!done.ok) throw new Error(done.error.message)
    total.delivered += done.value.delivered
    total.setAside += done.value.setAside
    total.skipped += done.value.skipped
    return done.value.waiting
  }
  const seen = (): number =>
    server.api.messages.reduce((n, m) => n + (m['from_session'] === `M/${LATE}` ? 0 : 1), 0)
  let before = 0
  for (let portion = 1; portion <= PORTIONS; portion++) {
    for (const w of writers) {
      const goal = Math.floor((countOf(w.name) * portion) / PORTIONS)
      w.writer.write(Array.from({ length: goal - w.told }, (_, i) => line(w.name, w.told + i)))
      w.told = goal
      // a held descriptor lives through a few claims, then through a few others
      if (portion % 4 === 0) w.writer.reopen()
    }
    // the writers stay about one portion ahead, so that there is a claim for each at least
    await until(async () => {
      await flush(portion % 4 === 1 ? 1 : 16)
      return seen() >= before
    })
    before = writers.reduce((n, w) => n + (w.name === LATE ? 0 : w.told), 0)
    if (portion % 5 === 0) {
      // another engine goes on from what the one before left on disk
      await opened.close()
      opened = at.open(server.url)
    }
  }
  await Promise.all(writers.map((w) => w.writer.end()))
  await until(async () => (await flush(16, 3_000)) === 0, 120_000)
  // finished segments are looked at again by a fresh engine: the last late lines
  await opened.close()
  opened = at.open(server.url)
  await until(async () => (await flush(16, 3_000)) === 0, 120_000)
  const claims = at.segments()
  // grown since their claim: through descriptors that their writers held
  const late = claims.filter((name) => {
    const path = join(at.dir, name)
    const [header] = decodeLedger(readFileSync(path.replace(/seg$/, 'led'))).records
    return header?.kind === 'header' && statSync(path).size > header.size
  })
  await opened.close()

  const { messages } = server.api
  for (const { name } of writers)
    expect(
      messages.filter((m) => m['from_session'] === `M/${name}`).map((m) => [m['subject'], m['body']]),
      name,
    ).toEqual(Array.from({ length: countOf(name) }, (_, i) => [`${name} ${i}`, text(i)]))
  const expected = ALL_WRITERS.reduce((n, w) => n + countOf(w), 0)
  expect(messages).toHaveLength(expected)
  expect(server.api.arrivals).toHaveLength(expected)
  expect(total).toEqual({ delivered: expected, setAside: 0, skipped: 0 })
  expect(claims.length).toBeGreaterThanOrEqual(PORTIONS - 1)
  expect(late.length).toBeGreaterThan(0)
  if (isLong)
    console.log(
      `${expected} lines, ${ALL_WRITERS.length} writers, ${claims.length} claims, ${late.length} of them grew afterwards: 0 lost, 0 torn`,
    )
})
