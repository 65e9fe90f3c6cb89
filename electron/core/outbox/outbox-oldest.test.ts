/** How long the oldest call has waited: since it was made, wherever it stands by now. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ago, IN_MEMORY, message, place, type Place } from '../../adapters/testing/place.ts'
import { stage, type Stage } from '../../adapters/testing/stage.ts'

const HOUR = 3_600_000
let at: Place
beforeEach(() => void (at = place(true, IN_MEMORY)))
afterEach(() => at.remove())

const oldest = async (s: Stage): Promise<number | null> => (await s.box.summary()).oldestWaiting
const busy = { kind: 'answer', headers: { 'retry-after': '600' }, text: '{}', isCut: false } as const

it('calls that are hours old are so in the file, once they are claimed, and to the next process', async () => {
  const times = [ago(3 * HOUR), ago(5 * HOUR), ago(0)]
  at.add(...times.map((ts, i) => message(`call ${i}`, ts)))
  const should = Date.parse(times[1] ?? '')
  const s = stage(at)
  s.answer = () => ({ kind: 'unreachable', detail: 'connection refused' })
  expect([await oldest(s), at.segments()]).toEqual([should, []])
  s.answer = (call) => (call.method === 'GET' ? undefined : { ...busy, status: 503 })
  await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  expect([await oldest(s), at.segments().length]).toEqual([should, 1])
  await s.close()
  const next = stage(at)
  expect(await oldest(next)).toBe(should)
  await next.clock.advance(600_000)
  await next.clock.drive(next.box.flush({ waitMs: 0, lanes: 1 }))
  expect([await oldest(next), next.api.messages.length]).toEqual([null, 3])
  await next.close()
})

it('a call that does not say when it was made has no age', async () => {
  at.add({ ...message('untimed'), ts: undefined })
  const s = stage(at)
  s.answer = () => ({ kind: 'unreachable', detail: 'connection refused' })
  expect(await s.box.summary()).toMatchObject({ waiting: 1, oldestWaiting: null })
  await s.close()
})
