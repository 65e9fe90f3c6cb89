/** Who follows the log of changes is told of what commits late, also where the place in the log begins anew in the middle of a reading. */
import { expect, it } from 'vitest'
import { createFeed } from './change-feed.ts'
import type { ChangeEntry, ChangeLog, Store } from './store.ts'

const entry = (seq: number): ChangeEntry => ({
  seq,
  kind: 'locks',
  act: 'claimed',
  project: null,
  id: String(seq),
  machine: null,
  at: 0,
})
const log = (more: Partial<ChangeLog>): ChangeLog => ({
  entries: [],
  last: 0,
  isCut: false,
  missing: [],
  ...more,
})
const turn = (): Promise<void> => new Promise((go) => setImmediate(go))

/** A log that answers one reading after the other, when the test says so. */
function aLog() {
  const asked: { from: number | null; answer: (log: ChangeLog) => void }[] = []
  let commit: () => void = () => undefined
  const store = {
    onCommit: (listener: () => void) => {
      commit = listener
      return () => undefined
    },
    changes: (from: number | null) =>
      new Promise((answer) => asked.push({ from, answer: (value) => answer({ ok: true, value }) })),
  } as unknown as Store
  const next = async (): Promise<(typeof asked)[number]> => {
    await turn()
    const one = asked.shift()
    if (!one) throw new Error('the log is not asked')
    return one
  }
  return { store, next, commit: () => commit() }
}

it('the last listener goes and another comes while the log is read: what is missing by then stays looked for', async () => {
  const { store, next, commit } = aLog()
  const feed = createFeed(store, (line) => {
    throw new Error(line)
  })
  const leave = feed.follow(() => undefined)
  const first = await next()
  first.answer(log({ last: 5, missing: [{ from: 4, to: 4 }] }))
  await turn()
  expect(feed.safe()).toBe(3)
  commit()
  const inFlight = await next()
  expect(inFlight.from).toBe(5)
  leave()
  feed.follow(() => undefined)
  inFlight.answer(log({ entries: [entry(6)], last: 6 }))
  const anew = await next()
  expect(anew.from).toBeNull()
  anew.answer(log({ last: 6, missing: [{ from: 4, to: 4 }] }))
  await turn()
  expect(feed.safe()).toBe(3)
  feed.stop()
})
