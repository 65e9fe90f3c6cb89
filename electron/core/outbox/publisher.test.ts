/** A summary is built only where it may differ from the one that was told last. */
import { expect, it } from 'vitest'
import { SimulatedClock } from '../../testing/machine/clock.ts'
import type { WorkspaceSummary } from './contract.ts'
import { Publisher } from './publisher.ts'

function setUp() {
  const clock = new SimulatedClock()
  const at = { seen: [1, 'a'] as readonly unknown[], waiting: 0, built: 0, onBuild: (): void => undefined }
  const told: number[] = []
  const publisher = new Publisher({
    clock,
    isStarted: () => true,
    seen: () => Promise.resolve([...at.seen]),
    summary: () => {
      at.built++
      const { waiting } = at
      at.onBuild()
      return Promise.resolve({ waiting } as WorkspaceSummary)
    },
    tell: (summary) => void told.push(summary.waiting),
  })
  return { clock, at, told, publisher }
}

it('of a run in which nothing happens for a minute, once: not each half second', async () => {
  const { clock, at, publisher } = setUp()
  let end: () => void = () => undefined
  const run = publisher.during(() => new Promise<void>((resolve) => (end = resolve)))
  await clock.advance(60_000)
  end()
  await run
  expect(at.built).toBe(1)
})

it('where any part of what it is made of is another, within half a second', async () => {
  const { clock, at, told, publisher } = setUp()
  let end: () => void = () => undefined
  const run = publisher.during(() => new Promise<void>((resolve) => (end = resolve)))
  await clock.advance(500)
  for (const seen of [
    [2, 'a'],
    [2, 'b'],
    [2, 'b', null],
    [2, 'b'],
  ]) {
    at.seen = seen
    at.waiting++
    await clock.advance(500)
  }
  end()
  await run
  expect(told).toEqual([0, 1, 2, 3, 4])
  expect(at.built).toBe(5)
})

it('again where something came while it was built', async () => {
  const { at, told, publisher } = setUp()
  at.onBuild = () => {
    at.onBuild = () => undefined
    at.seen = [9]
    at.waiting = 7
  }
  await publisher.publish()
  await publisher.publish()
  expect(told).toEqual([0, 7])
})
