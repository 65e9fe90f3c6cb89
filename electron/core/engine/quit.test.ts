/** Quitting as named steps: in order, each with its deadline, none in the way of the next. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SimulatedClock } from '../../testing/machine/clock.ts'
import { runSteps, within, type QuitStep } from './quit.ts'

const silent = { info() {}, warn() {}, error() {} }

it('runs every step in order, within the sum of the deadlines, and names those that hung or failed', async () => {
  const step = fc.record({
    how: fc.constantFrom('done' as const, 'slow' as const, 'hangs' as const, 'fails' as const),
    deadlineMs: fc.integer({ min: 1, max: 3_000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (plan) => {
      const clock = new SimulatedClock()
      const begun: string[] = []
      const steps = plan.map(({ how, deadlineMs }, i): QuitStep => ({
        name: `${i}`,
        deadlineMs,
        run() {
          begun.push(`${i}`)
          if (how === 'fails') return Promise.reject(new Error('broken'))
          if (how === 'hangs') return new Promise(() => undefined)
          return how === 'done'
            ? Promise.resolve()
            : new Promise((done) => clock.schedule(deadlineMs - 1, done))
        },
      }))
      let stuck: readonly string[] | null = null
      void runSteps(steps, clock, silent).then((names) => (stuck = names))
      await clock.advance(plan.reduce((sum, s) => sum + s.deadlineMs, 0) + 1)
      expect(begun).toEqual(plan.map((_, i) => `${i}`))
      expect(stuck).toEqual(
        plan.flatMap(({ how }, i) => (how === 'hangs' || how === 'fails' ? [`${i}`] : [])),
      )
      expect(clock.timers()).toBe(0)
    }),
    { numRuns: 100 },
  )
})

it('within: the value in time, undefined after, the failure as it was; no timer is left', async () => {
  const clock = new SimulatedClock()
  expect(await within(Promise.resolve(7), 10, clock)).toBe(7)
  const late = within(new Promise(() => undefined), 10, clock)
  await clock.advance(10)
  expect(await late).toBeUndefined()
  await expect(within(Promise.reject(new Error('no')), 10, clock)).rejects.toThrow('no')
  expect(clock.timers()).toBe(0)
})
