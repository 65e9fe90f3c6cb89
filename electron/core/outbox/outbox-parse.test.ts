/** What a queued line costs besides its sending: it is parsed once, for its turn; it is counted from its bytes. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { message, place, type Place } from '../../adapters/testing/place.ts'
import { stage } from '../../adapters/testing/stage.ts'

let at: Place
beforeEach(() => void (at = place()))
afterEach(() => {
  vi.restoreAllMocks()
  at.remove()
})

it.each([1, 200])('%i lines, each parsed once from the append to the end of its call', async (count) => {
  const s = stage(at)
  await s.clock.drive(s.box.start())
  const parsed = new Map<string, number>()
  const parse = JSON.parse.bind(JSON)
  vi.spyOn(JSON, 'parse').mockImplementation((text: string, ...more) => {
    if (text.includes('"subject":"once ')) parsed.set(text, (parsed.get(text) ?? 0) + 1)
    return parse(text, ...more) as unknown
  })
  at.add(...Array.from({ length: count }, (_, i) => message(`once ${i}`)))
  s.box.poke()
  await s.clock.drive(s.clock.advance(1_000))
  const lines = [...parsed].filter(([text]) => text.startsWith('{"ts"'))
  expect(s.api.effects).toHaveLength(count)
  expect([lines.length, Math.max(...lines.map(([, times]) => times))]).toEqual([count, 1])
  await s.close()
})
