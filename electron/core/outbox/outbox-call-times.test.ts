/**
 * An API that lets no state of a component take the place of one that was said later: the order of the file holds there too,
 * whatever times its lines, its writers' clocks and the file system give, and what others said since is left alone.
 */
import { utimesSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { ago, component, IN_MEMORY, now, place, type Place } from '../../adapters/testing/place.ts'

const MINUTE = 60_000
let at: Place
let server: Liar
beforeEach(async () => {
  at = place(true, IN_MEMORY)
  server = await new Liar().listen()
  server.api.ordersByCallTime = true
})
afterEach(async () => {
  await server.close()
  at.remove()
})

const state = (name: string, ts: string | undefined): object => ({ ...component('web', name), ts })
/** Another program says to the API itself how the component is; a moment after all that was said so far. */
const sayLive = (name: string, at = ago(-5)): void => {
  server.api.components = [
    { project_key: 'p', component: 'web', state: name, updated_at: at, effective_at: at },
  ]
}
const stands = (): unknown => server.api.components[0]?.['state']
async function flush(lanes = 1): Promise<object> {
  const opened = at.open(server.url)
  const done = await opened.box.flush({ waitMs: 0, lanes })
  await opened.close()
  return done.ok ? done.value : done.error
}
/** The n-th write is put off, so that a run ends before it. */
const putOff = (n: number): void => {
  server.lie = (asked) =>
    asked.isWrite && asked.n === n ? { status: 503, headers: { 'retry-after': '1' } } : undefined
}

/** First line, second line, and what is done to the file's own time. */
const TIMES: readonly (readonly [string, () => object[]])[] = [
  ['no time, then one', () => [state('old', undefined), state('new', ago(MINUTE))]],
  [
    'a clock that is ahead, then one that is not',
    () => [state('old', ago(MINUTE)), state('new', ago(2 * MINUTE))],
  ],
  [
    'a clock that was never set, then one that was',
    () => [state('old', '1970-01-01T00:00:00Z'), state('new', ago(MINUTE))],
  ],
]
const WAYS = [
  ['one by one', 1, false],
  ['intents ahead', 1, true],
  ['four lanes', 4, false],
] as const

describe.each(WAYS)(
  'call times that go back in the file: the last line stands in the end, %s',
  (_, lanes, isAhead) => {
    beforeEach(() => void (server.api.saysItKeepsKeys = isAhead))

    it.each(TIMES)('%s, in one run', async (_name, lines) => {
      at.add(...lines())
      expect(await flush(lanes)).toMatchObject({ delivered: 2, waiting: 0 })
      expect(stands()).toBe('new')
    })

    it.each(TIMES)('%s, with the end of a process between them', async (_name, lines) => {
      putOff(1)
      at.add(...lines())
      expect(await flush(lanes)).toMatchObject({ delivered: 1, waiting: 1 })
      expect(stands()).toBe('old')
      expect(await flush(lanes)).toMatchObject({ delivered: 1, waiting: 0 })
      expect(stands()).toBe('new')
    })

    it.each(TIMES)('%s, and the answer to the first is lost with its process', async (_name, lines) => {
      server.lie = (asked) => {
        if (!asked.isWrite || asked.n !== 0) return undefined
        server.truth(asked)
        asked.req.socket.destroy()
        return 'handled'
      }
      at.add(...lines())
      expect(await flush(lanes)).toMatchObject({ delivered: 0, waiting: 2 })
      expect(await flush(lanes)).toMatchObject({ delivered: 2, waiting: 0 })
      expect(stands()).toBe('new')
    })

    it('a file whose own time is a tick behind its last line', async () => {
      const ts = now()
      at.add(state('old', ts))
      await flush(lanes)
      at.add(state('new', ts))
      // as a kernel stamps it, by a clock that moves on each few milliseconds
      utimesSync(at.queue, new Date(ts), new Date(Date.parse(ts) - 1))
      expect(await flush(lanes)).toMatchObject({ delivered: 1, waiting: 0 })
      expect(stands()).toBe('new')
    })
  },
)

describe('what another said later stands', () => {
  it('between two calls of one run', async () => {
    at.add(state('first', ago(2 * MINUTE)), state('second', ago(MINUTE)))
    server.lie = (asked) => {
      if (asked.isWrite && asked.n === 1) sayLive('live')
      return undefined
    }
    expect(await flush()).toMatchObject({ delivered: 2, waiting: 0 })
    expect(stands()).toBe('live')
  })

  it('behind an answer that told of it: the calls after that one take nothing from it, in this process or the next', async () => {
    at.add(
      state('first', ago(4 * MINUTE)),
      state('second', ago(3 * MINUTE)),
      state('third', ago(2 * MINUTE)),
      state('fourth', ago(MINUTE)),
    )
    server.lie = (asked) => {
      if (asked.isWrite && asked.n === 1) sayLive('live')
      return asked.isWrite && asked.n === 3 ? { status: 503, headers: { 'retry-after': '1' } } : undefined
    }
    expect(await flush()).toMatchObject({ delivered: 3, waiting: 1 })
    await flush()
    expect(stands()).toBe('live')
  })

  it('behind an answer that was lost: the repeat is told the same, and the calls after it take nothing from it', async () => {
    at.add(state('first', ago(4 * MINUTE)), state('second', ago(3 * MINUTE)), state('third', ago(2 * MINUTE)))
    server.lie = (asked) => {
      if (!asked.isWrite || asked.n !== 1) return undefined
      sayLive('live')
      server.truth(asked)
      asked.req.socket.destroy()
      return 'handled'
    }
    // the same process comes back to it
    expect(await at.flush(server.url, 3_000)).toMatchObject({ delivered: 3, waiting: 0 })
    expect(stands()).toBe('live')
  })
})

it('what a person sends again is said now: it takes the place of what stands there', async () => {
  sayLive('live', ago(MINUTE))
  at.add(state('mine', ago(60 * MINUTE)))
  expect(await flush()).toMatchObject({ skipped: 1 })
  const opened = at.open(server.url)
  const [skipped] = (await opened.box.summary()).skipped
  expect(await opened.box.sendAnyway(skipped?.id ?? '')).toMatchObject({ ok: true })
  await opened.close()
  expect(await flush()).toMatchObject({ delivered: 1 })
  expect(stands()).toBe('mine')
})
