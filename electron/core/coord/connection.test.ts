import { describe, expect, it } from 'vitest'
import type { HttpCall, HttpOutcome, Log } from '../ports.ts'
import { SimulatedClock } from '../../testing/machine/clock.ts'
import { createConnection, type GatedConnection } from './connection.ts'

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const answer = (status: number, json: unknown, headers: Record<string, string> = {}): HttpOutcome => ({
  kind: 'answer',
  status,
  headers,
  text: JSON.stringify(json),
  isCut: false,
})
const truth = ({ path }: HttpCall): HttpOutcome =>
  path === '/health'
    ? answer(200, { status: 'ok', idempotency: true, extensions: ['pages'] })
    : answer(200, [])

function build(headers?: Record<string, string>, probeTimeoutMs?: number) {
  const clock = new SimulatedClock()
  const asked: HttpCall[] = []
  const at: { reply: (call: HttpCall) => HttpOutcome | Promise<HttpOutcome> } = { reply: truth }
  const connection = createConnection({
    http: {
      baseUrl: 'http://api.test',
      request(call) {
        asked.push(call)
        return Promise.resolve(at.reply(call))
      },
      close: () => Promise.resolve(),
    },
    clock,
    random: { next: () => 0.5, id: () => 'x' },
    log: silent,
    ...(headers ? { headers } : {}),
    ...(probeTimeoutMs === undefined ? {} : { probeTimeoutMs }),
  })
  return { clock, asked, at, connection }
}
const call: HttpCall = { method: 'POST', path: '/api/coord/messages', headers: {}, body: '{}' }

describe('the connection', () => {
  it('says what the server offers once it was identified', async () => {
    const { connection } = build()
    expect(connection.server().keepsKeys).toBe(false)
    expect(await connection.ensure()).toBe(true)
    expect(connection.server()).toEqual({ extensions: new Set(['pages']), keepsKeys: true, isOurs: false })
  })

  it('gives a probe the time that it was told to, and a call its own', async () => {
    const { connection, asked } = build(undefined, 5_000)
    await connection.ensure()
    await connection.send(call)
    expect(asked.map(({ path, timeoutMs }) => [path.split('?')[0], timeoutMs])).toEqual([
      ['/health', 5_000],
      ['/api/coord/locks', 5_000],
      ['/api/coord/messages', undefined],
    ])
  })

  it.each([
    ['a token is wanted', undefined, 'wants a token (401). Nothing is sent. "coord join'],
    ['the token is another', { authorization: 'Bearer x' }, 'refuses the token (401)'],
  ])('says of a server that answers 401 to everything that %s', async (_, headers, words) => {
    const { connection, at } = build(headers)
    at.reply = () => answer(401, { detail: 'no' })
    expect(await connection.ensure()).toBe(false)
    expect(connection.view()).toMatchObject({ state: 'wrong-answer', isRefused: true })
    expect(connection.view().detail).toContain(words)
  })

  it('tells an API that takes nothing from this machine from what is no API', async () => {
    const replies: readonly (readonly [HttpOutcome, true | undefined])[] = [
      [answer(403, { detail: 'no' }), true],
      [answer(407, ''), true],
      [answer(200, '<html>'), undefined],
      [answer(301, {}, { location: 'https://api.test/' }), undefined],
    ]
    for (const [reply, isRefused] of replies) {
      const { connection, at } = build()
      at.reply = () => reply
      await connection.ensure()
      expect(connection.view().isRefused).toBe(isRefused)
    }
  })

  it.each([401, 407])(
    'says at the first list that is refused with %i that the token is no longer good, and is back with one that is',
    async (status) => {
      const { connection, at, asked, clock } = build({ authorization: 'Bearer x' })
      connection.start()
      await connection.ensure()
      await clock.advance(60_000)
      at.reply = () => answer(status, { detail: 'revoked' })
      await connection.get('/api/coord/locks')
      await clock.advance(0)
      expect(connection.view()).toMatchObject({ state: 'wrong-answer', isRefused: true })
      expect(connection.isReady()).toBe(false)
      at.reply = truth
      await clock.advance(120_000)
      expect(connection.view()).toMatchObject({ state: 'online' })
      expect(connection.view().isRefused).toBeUndefined()
      connection.stop()
      expect(asked.length).toBeLessThan(20)
    },
  )

  it('one list that wants a token while all else is answered ends nothing, and costs one look a second', async () => {
    const { connection, at, asked, clock } = build({ authorization: 'Bearer x' })
    await connection.ensure()
    await clock.advance(60_000)
    at.reply = (asked) => (asked.path.includes('messages') ? answer(401, '') : truth(asked))
    const before = asked.length
    for (let n = 0; n < 10; n++) {
      await connection.get('/api/coord/messages')
      await clock.advance(100)
    }
    expect(connection.view()).toMatchObject({ state: 'online' })
    // ten questions, and two looks of two questions each
    expect(asked.length - before).toBeLessThanOrEqual(14)
  })

  it('says where an address redirects to', async () => {
    const { connection, at } = build()
    at.reply = () => answer(301, {}, { location: 'https://api.test/' })
    await connection.ensure()
    expect(connection.view().detail).toContain('redirects to https://api.test/ (301)')
  })

  it('sends nothing to a server that could not prove whose it is, and says so', async () => {
    const { connection, at } = build()
    at.reply = () => ({
      kind: 'unreachable',
      why: 'unproven',
      detail: 'Port 8001 is held by another program',
    })
    expect(await connection.ensure()).toBe(false)
    expect(connection.view()).toMatchObject({
      state: 'wrong-answer',
      detail: 'Port 8001 is held by another program. Nothing is sent.',
    })
  })

  it('keeps a wait that the API asked for, whatever else fails meanwhile', async () => {
    const { connection, at, clock } = build()
    await connection.ensure()
    at.reply = () => answer(503, {}, { 'retry-after': '30' })
    connection.pauseFor(await connection.call(call))
    connection.pauseFor({ kind: 'in-doubt', detail: 'reset' })
    expect(connection.waitMs()).toBe(30_000)
    connection.retryNow()
    await clock.advance(29_999)
    expect(await connection.admit()).toBe(false)
    at.reply = truth
    await clock.advance(1)
    expect(await connection.ensure()).toBe(true)
  })

  it.each([
    ['cannot be read', 'a while ago'],
    ['are two', 'Wed, 31 Dec 2025 23:59:50 GMT, Wed, 31 Dec 2025 23:59:50 GMT'],
  ])('waits for a date beside Dates that %s by its own clock, never only a back-off', async (_, date) => {
    const { connection, at } = build()
    await connection.ensure()
    at.reply = () => answer(503, {}, { 'retry-after': 'Thu, 01 Jan 2026 00:00:45 GMT', date })
    connection.pauseFor(await connection.call(call))
    expect(connection.view()).toMatchObject({ state: 'degraded', until: '2026-01-01T00:00:45.000Z' })
    expect(connection.waitMs()).toBe(45_000)
  })

  it('lets one call go first after an asked-for wait, and the others when it has shown the way', async () => {
    const { connection, at, clock } = build()
    await connection.ensure()
    at.reply = () => answer(429, {}, { 'retry-after': '2' })
    connection.pauseFor(await connection.call(call))
    await clock.advance(2_000)
    expect(await connection.admit()).toBe(true)
    const second = connection.admit()
    connection.succeeded()
    expect(await second).toBe(true)
    expect(connection.view().state).toBe('online')
  })

  it('probes at most once a second, whatever asks for it', async () => {
    const { connection, at, asked, clock } = build()
    at.reply = () => ({ kind: 'unreachable', detail: 'refused' })
    for (let i = 0; i < 50; i++) {
      connection.retryNow()
      await connection.ensure()
      await clock.advance(100)
    }
    expect(asked.length).toBeLessThanOrEqual(5)
  })

  describe('where a request is not answered for too long', () => {
    /** An API that takes each request and answers when it is told to. */
    async function hanging() {
      const built = build()
      const { connection, at, clock } = built
      await connection.ensure()
      const answers: ((outcome: HttpOutcome) => void)[] = []
      at.reply = () => new Promise((resolve) => answers.push(resolve))
      const states: string[] = []
      connection.onChange(({ state }) => states.push(state))
      const answerAll = async (outcome: HttpOutcome): Promise<void> => {
        for (const one of answers.splice(0)) one(outcome)
        await clock.advance(0)
      }
      return { ...built, states, answers, answerAll }
    }

    it.each([
      ['a call', (c: GatedConnection) => c.call(call)],
      ['a question', (c: GatedConnection) => c.get('/api/coord/messages?to_session=M%2Fa')],
      ['a write', (c: GatedConnection) => c.send(call)],
    ])('%s: the state says so after three seconds, and is online again with the answer', async (_, ask) => {
      const { connection, clock, states, answerAll } = await hanging()
      const asked = ask(connection)
      await clock.advance(2_999)
      expect(connection.view().state).toBe('online')
      await clock.advance(1)
      expect(connection.view()).toMatchObject({
        state: 'degraded',
        until: null,
        since: new Date(clock.now()).toISOString(),
      })
      expect(connection.view().detail).toMatch(
        /^The coordination API has not answered (GET|POST) \/api\/coord\/messages for 3 s\./,
      )
      // nothing is paused: what waits goes on as soon as it answers
      expect(connection.isReady()).toBe(true)
      await answerAll(answer(200, []))
      await asked
      expect(connection.view()).toMatchObject({ state: 'online', detail: 'Connected to http://api.test.' })
      expect(connection.view().isOverdue).toBeUndefined()
      expect(states).toEqual(['degraded', 'online'])
    })

    it('one of several that hang is enough, and it says so once, until the last of them is over', async () => {
      const { connection, clock, states, answers, answerAll } = await hanging()
      void connection.call(call)
      await clock.advance(1_000)
      void connection.call({ ...call, body: '{"n":2}' })
      await clock.advance(10_000)
      expect(states).toEqual(['degraded'])
      answers.shift()?.(answer(200, {}))
      await clock.advance(0)
      expect(connection.view().state).toBe('degraded')
      await answerAll(answer(200, {}))
      expect(states).toEqual(['degraded', 'online'])
    })

    it('that ends without an answer: offline, with nothing between', async () => {
      const { connection, clock, states, answerAll } = await hanging()
      void connection.get('/api/coord/locks')
      await clock.advance(15_000)
      await answerAll({ kind: 'in-doubt', detail: 'no answer within 15 s' })
      expect(states).toEqual(['degraded', 'offline'])
      expect(connection.isReady()).toBe(false)
    })

    it('that nobody asks about again after it ended without an answer: the next answer to anything ends it', async () => {
      const { connection, clock, at, states, answerAll } = await hanging()
      void connection.call(call)
      await clock.advance(15_000)
      await answerAll({ kind: 'in-doubt', detail: 'no answer within 15 s' })
      expect(connection.view().state).toBe('degraded')
      at.reply = truth
      await connection.get('/api/coord/locks')
      expect(states).toEqual(['degraded', 'online'])
    })

    it('a call that brings its own time-out is given it; a first question is still "connecting"', async () => {
      const { connection, clock, states } = await hanging()
      void connection.call({ ...call, timeoutMs: 35_000 })
      await clock.advance(30_000)
      expect(states).toEqual([])
      const first = build()
      first.at.reply = () => new Promise(() => undefined)
      void first.connection.ensure()
      await first.clock.advance(10_000)
      expect(first.connection.view().state).toBe('connecting')
    })

    it('while a pause is on, the pause says more', async () => {
      const { connection, clock, answerAll } = await hanging()
      void connection.call(call)
      connection.pause('offline', 'gone')
      await clock.advance(5_000)
      expect(connection.view()).toMatchObject({ state: 'offline', detail: 'gone' })
      await answerAll(answer(200, {}))
      expect(connection.view().state).toBe('offline')
    })

    it('leaves no timer behind', async () => {
      const { connection, clock, answerAll } = await hanging()
      void connection.call(call)
      await answerAll(answer(200, {}))
      expect(clock.timers()).toBe(0)
    })
  })
})
