import { expect, test } from 'vitest'
import { createServerClock } from './clock.ts'

const DAY = 24 * 3_600_000
const START = Date.parse('2026-05-12T15:00:00Z')

function world() {
  let wallOffset = START
  let fine = 0
  let slept = 0
  const logged: string[] = []
  const now = createServerClock((line) => logged.push(line), {
    wall: () => fine + slept + wallOffset,
    fine: () => fine,
    awake: () => fine + slept,
  })
  return {
    now,
    logged,
    pass: (ms: number) => (fine += ms),
    sleep: (ms: number) => (slept += ms),
    set: (ms: number) => (wallOffset += ms),
  }
}

test('F12: a jump ahead does not count, and its end neither', () => {
  const w = world()
  w.pass(5_000)
  w.set(100 * DAY)
  expect(w.now()).toBe(START + 5_000)
  w.pass(60_000)
  expect(w.now()).toBe(START + 65_000)
  w.set(-100 * DAY)
  expect(w.now()).toBe(START + 65_000)
  expect(w.logged).toHaveLength(2)
})

test('F12: a clock set back counts, and is believed at once when it returns', () => {
  const w = world()
  w.set(-DAY)
  expect(w.now()).toBe(START - DAY)
  w.pass(1_000)
  w.set(DAY)
  expect(w.now()).toBe(START + 1_000)
})

test('a clock that was put right is believed after an hour', () => {
  const w = world()
  w.now()
  w.set(DAY)
  expect(w.now()).toBe(START)
  w.pass(3_599_000)
  expect(w.now()).toBe(START + 3_599_000)
  w.pass(1_000)
  expect(w.now()).toBe(START + 3_600_000 + DAY)
  w.pass(1_000)
  expect(w.now()).toBe(START + 3_601_000 + DAY)
})

test('a sleep of the machine is no jump', () => {
  const w = world()
  w.now()
  w.sleep(8 * 3_600_000)
  expect(w.now()).toBe(START + 8 * 3_600_000)
  expect(w.logged).toEqual([])
})

test('small steps of a time service are followed', () => {
  const w = world()
  for (let n = 0; n < 100; n++) {
    w.pass(60_000)
    w.set(-500)
    w.now()
  }
  expect(w.now()).toBe(START + 100 * 59_500)
  expect(w.logged).toEqual([])
})

test('the system clock is the time that counts where nothing jumps', () => {
  const now = createServerClock(() => undefined)
  expect(Math.abs(now() - Date.now())).toBeLessThan(1_000)
})
