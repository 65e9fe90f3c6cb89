import { expect, it } from 'vitest'
import { createQuit } from './quit.ts'

it('asked a second time it leaves now, whatever still hangs', () => {
  const delays: number[] = []
  const quit = createQuit({
    app: { quit: () => undefined, exit: () => undefined },
    leaveAtOnce: () => undefined,
    stop: () => new Promise(() => undefined),
    log: () => undefined,
    deadlineMs: 800,
    after: (delayMs) => void delays.push(delayMs),
  })
  let prevented = 0
  const ask = (): void => quit.beforeQuit({ preventDefault: () => void prevented++ })
  ask()
  expect([prevented, delays]).toEqual([1, [800]])
  ask()
  expect([prevented, delays.slice(0, 2)]).toEqual([2, [800, 0]])
  // And lets the quit through that follows.
  ask()
  expect(prevented).toBe(2)
})
