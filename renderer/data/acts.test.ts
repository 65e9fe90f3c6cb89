import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createActs, UNDO_MS } from './acts.ts'
import { createWindowStore } from './store.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function stage(isOk = true) {
  const store = createWindowStore()
  const asked: string[] = []
  const bridge = {
    invoke: async (name: string) => {
      asked.push(name)
      const error = { code: 'storage', message: 'The disk is full' }
      return Promise.resolve(isOk ? { ok: true, value: null } : { ok: false, error })
    },
    onSnapshot: () => () => undefined,
    onLink: () => () => undefined,
  }
  const acts = createActs(bridge as never, store, async () => Promise.resolve(true))
  const discard = (): void =>
    acts.later({
      doing: 'Discarding 1 call',
      rows: ['1'],
      act: () => acts.run('queue.discard', { ids: ['1'] }, '1 call discarded.'),
    })
  const said = (): readonly string[] => store.getState().notices.map((one) => `${one.kind}: ${one.text}`)
  return { store, asked, discard, said }
}

it('an act that is put off is said to be done only when it is', async () => {
  const { store, asked, discard, said } = stage()
  discard()
  expect(said()).toEqual(['later: Discarding 1 call…'])
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1)
  expect([asked, said()]).toEqual([[], ['later: Discarding 1 call…']])
  await vi.advanceTimersByTimeAsync(1)
  expect([asked, said()]).toEqual([['queue.discard'], ['done: 1 call discarded.']])
  expect(store.getState().going.has('1')).toBe(true)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(store.getState().going.has('1')).toBe(false)
})

it('one that was called off says nothing and does nothing', async () => {
  const { store, asked, discard, said } = stage()
  discard()
  store.getState().notices[0]?.undo?.()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([asked, said(), store.getState().going.size]).toEqual([[], [], 0])
})

it('one that fails is not said to be done, and its rows are back', async () => {
  const { store, discard, said } = stage(false)
  discard()
  await vi.advanceTimersByTimeAsync(UNDO_MS + 5_000)
  expect(said()).toEqual([
    'error: The disk is full. Check that the folder can be written and that the disk is not full, then try again.',
  ])
  expect(store.getState().going.size).toBe(0)
})
