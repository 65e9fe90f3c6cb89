import { describe, expect, it } from 'vitest'
import type { HttpCall, HttpOutcome, Log } from '../ports.ts'
import { SimulatedClock } from '../../testing/machine/clock.ts'
import { createConnection } from './connection.ts'

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

function build(headers?: Record<string, string>) {
  const clock = new SimulatedClock()
  const asked: HttpCall[] = []
  const at = { reply: truth }
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
})
