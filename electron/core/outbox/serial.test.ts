import { expect, it } from 'vitest'
import { createSerial } from './serial.ts'

/** A task that goes on call by call, until it is told to end. */
function run(
  serial: ReturnType<typeof createSerial>,
  log: string[],
  name: string,
  calls: number,
): Promise<string> {
  return serial.run(async () => {
    for (let i = 1; i <= calls; i++) {
      await Promise.resolve()
      log.push(`${name}${i}`)
      await serial.pause()
    }
    return name
  })
}
const act = (log: string[], name: string) => async (): Promise<string> => {
  log.push(`${name} begins`)
  await Promise.resolve()
  log.push(`${name} ends`)
  return name
}

it('tasks run one after the other, in their order', async () => {
  const serial = createSerial()
  const log: string[] = []
  expect(await Promise.all([run(serial, log, 'a', 2), run(serial, log, 'b', 2)])).toEqual(['a', 'b'])
  expect(log).toEqual(['a1', 'a2', 'b1', 'b2'])
  expect(serial.isBusy).toBe(false)
})

it('an act waits for the call in flight, never for the run, and nothing else goes on meanwhile', async () => {
  const serial = createSerial()
  const log: string[] = []
  const long = run(serial, log, 'call ', 3)
  const acts = [serial.between(act(log, 'x')), serial.between(act(log, 'y'))]
  expect(await Promise.all(acts)).toEqual(['x', 'y'])
  expect(log).toEqual(['call 1', 'x begins', 'x ends', 'y begins', 'y ends'])
  await long
  expect(log.slice(5)).toEqual(['call 2', 'call 3'])
})

it('an act that no pause lets in runs when the task ends, before the next one; at rest it runs at once', async () => {
  const serial = createSerial()
  const log: string[] = []
  const first = serial.run(async () => void (await act(log, 'first')()))
  const second = run(serial, log, 'second', 1)
  await serial.between(act(log, 'x'))
  expect(log).toEqual(['first begins', 'first ends', 'x begins', 'x ends'])
  await Promise.all([first, second])
  await serial.between(act(log, 'y'))
  expect(log.slice(4)).toEqual(['second1', 'y begins', 'y ends'])
})

it('what fails fails for whoever asked: the task goes on, the next one runs', async () => {
  const serial = createSerial()
  const log: string[] = []
  const long = run(serial, log, 'call ', 2)
  await expect(serial.between(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await long
  await expect(serial.run(() => Promise.reject(new Error('bad')))).rejects.toThrow('bad')
  expect(await run(serial, log, 'after ', 1)).toBe('after ')
  expect(log).toEqual(['call 1', 'call 2', 'after 1'])
})
