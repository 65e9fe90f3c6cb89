/** A window's picture from pushes, with the engine's side that makes them. */
import { expect, it } from 'vitest'
import { createSnapshotPusher, createSnapshotReceiver } from './push-snapshots.ts'
import type { AppSnapshot } from './snapshot.ts'

const snapshot = (revision: number): AppSnapshot =>
  ({
    revision,
    messages: Array.from({ length: revision }, (_, i) => ({ id: String(i) })),
  }) as unknown as AppSnapshot

it('is whole after each push, and asks once where one was missed', async () => {
  const pusher = createSnapshotPusher()
  const seen: AppSnapshot[] = []
  let asked = 0
  const receive = createSnapshotReceiver(
    () => {
      asked++
      pusher.reset()
      return Promise.resolve(snapshot(9))
    },
    (one) => seen.push(one),
  )
  for (const revision of [1, 2, 5]) receive(pusher.next(snapshot(revision)))
  expect(seen).toEqual([snapshot(1), snapshot(2), snapshot(5)])
  pusher.next(snapshot(7)) // lost
  receive(pusher.next(snapshot(8)))
  await Promise.resolve()
  expect([seen.at(-1), asked]).toEqual([snapshot(9), 1])
  receive(pusher.next(snapshot(10)))
  expect([seen.at(-1), asked]).toEqual([snapshot(10), 1])
})
