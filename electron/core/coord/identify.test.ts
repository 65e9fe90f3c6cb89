import { describe, expect, it } from 'vitest'
import type { HttpOutcome } from '../ports.ts'
import { classify } from './classify-answer.ts'
import { pauseOf } from './connection-words.ts'
import { identify } from './identify.ts'

const answer = (
  status: number,
  text: string,
  more: Partial<Extract<HttpOutcome, { kind: 'answer' }>> = {},
): HttpOutcome => ({
  kind: 'answer',
  status,
  headers: {},
  text,
  isCut: false,
  ...more,
})
const HEALTH = '{"status":"ok"}'

async function identified(health: HttpOutcome, locks: HttpOutcome) {
  const asked: string[] = []
  const identity = await identify(
    (path) => {
      asked.push(path)
      return Promise.resolve(path === '/health' ? health : locks)
    },
    (outcome) => pauseOf(classify(outcome, 0), 'http://x') !== undefined,
  )
  return { identity, asked }
}

describe('is it our API?', () => {
  it('asks for one row only', async () => {
    const { identity, asked } = await identified(answer(200, HEALTH), answer(200, '[]'))
    expect(identity.kind).toBe('coord')
    expect(asked).toEqual(['/health', '/api/coord/locks?limit=1'])
  })

  it.each(['[{"id":1,"description":"xxxx', ' [ {"id"', '{"items":[{"id":1,"desc', '{ "locks" : [ '])(
    'takes a 2xx that is cut and begins as a list for one: %s',
    async (text) => {
      const { identity } = await identified(answer(200, HEALTH), answer(200, text, { isCut: true }))
      expect(identity.kind).toBe('coord')
    },
  )

  it.each([
    ['a page', answer(200, '<html>', { isCut: true })],
    ['a cut object', answer(200, '{"detail":"xxx', { isCut: true })],
    ['half a list that was not cut by us', answer(200, '[{"id":1')],
    ['an object', answer(200, '{"detail":"x"}')],
    ['404', answer(404, '[]')],
  ])('takes %s for no list', async (_, locks) => {
    const { identity } = await identified(answer(200, HEALTH), locks)
    expect(identity).toMatchObject({ kind: 'other', problem: { code: 'no-list' } })
  })

  it.each([401, 407])('a %i on everything means that a token is wanted', async (status) => {
    const { identity } = await identified(answer(status, '{"detail":"token"}'), answer(status, ''))
    expect(identity).toMatchObject({ problem: { code: 'token-wanted', status } })
  })

  it('a 401 on the list alone means so too', async () => {
    const { identity } = await identified(answer(200, HEALTH), answer(401, ''))
    expect(identity).toMatchObject({ problem: { code: 'token-wanted' } })
  })

  it('a redirect says where to', async () => {
    const { identity } = await identified(
      answer(308, '', { headers: { location: 'https://other.example/health' } }),
      answer(200, '[]'),
    )
    expect(identity).toEqual({
      kind: 'other',
      problem: { code: 'redirect', status: 308, to: 'https://other.example/health' },
    })
  })

  it('what is away says nothing about who it is', async () => {
    for (const health of [answer(503, ''), { kind: 'unreachable', detail: 'x' } as const])
      expect((await identified(health, answer(200, '[]'))).identity.kind).toBe('away')
  })

  it('learns what the server offers, and nothing that is not known here', async () => {
    const health =
      '{"status":"ok","service":"coord","idempotency":true,"extensions":["pages","telepathy","fence"]}'
    const { identity } = await identified(answer(200, health), answer(200, '[]'))
    expect(identity).toEqual({
      kind: 'coord',
      server: { extensions: new Set(['pages', 'fence']), keepsKeys: true, isOurs: true },
    })
  })

  it.each(['{"status":"ok","extensions":"all","idempotency":"yes"}', '{"status":"ok","extensions":[1]}'])(
    'an odd /health is one without extensions: %s',
    async (health) => {
      const { identity } = await identified(answer(200, health), answer(200, '[]'))
      expect(identity).toEqual({
        kind: 'coord',
        server: { extensions: new Set(), keepsKeys: false, isOurs: false },
      })
    },
  )
})
