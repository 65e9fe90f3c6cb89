/** What is made for the next call ahead of its turn: its key, and a reading of the lease that counts for a moment. */
import { expect, it } from 'vitest'
import { SimulatedClock } from '../../../testing/machine/clock.ts'
import type { QueuedCall } from './queued-call.ts'
import { ReadyCall } from './ready-call.ts'

const callAt = (offset: number): QueuedCall =>
  ({ kind: 'call', segment: { name: 's' }, offset, sub: 0 }) as unknown as QueuedCall

function stage(): { ready: ReadyCall; clock: SimulatedClock; lease: { isOurs: boolean; reads: number } } {
  const clock = new SimulatedClock({ start: 0, monotonicStart: 0 })
  const lease = { isOurs: true, reads: 0 }
  const isOwner = (): boolean => {
    lease.reads++
    return lease.isOurs
  }
  return {
    ready: new ReadyCall({ clock, keys: { uuid5: (name) => `key of ${name}` }, isOwner }),
    clock,
    lease,
  }
}

it("a call's key is the same, made ahead or not", () => {
  const { ready } = stage()
  const [made, other] = [callAt(7), callAt(9)]
  ready.makeKey(made)
  expect([ready.keyOf(other), ready.keyOf(made)]).toEqual(['key of s/9/0', 'key of s/7/0'])
})

it('a reading of the lease counts for its call alone, for 20 ms; after that it is read again', () => {
  const { ready, clock, lease } = stage()
  const [mine, other] = [callAt(1), callAt(2)]
  ready.readLease(mine)
  lease.isOurs = false
  clock.pass(20)
  expect([ready.mayGo(mine), ready.mayGo(other)]).toEqual([true, false])
  clock.pass(1)
  expect([ready.mayGo(mine), lease.reads]).toEqual([false, 3])
})

it('a lease that was not ours is read again: it may be by now', () => {
  const { ready, lease } = stage()
  const call = callAt(1)
  lease.isOurs = false
  ready.readLease(call)
  lease.isOurs = true
  expect(ready.mayGo(call)).toBe(true)
})
