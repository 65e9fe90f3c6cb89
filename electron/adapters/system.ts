/** Clock, randomness and keys from the platform. */
import * as crypto from 'node:crypto'
import { createHash, randomBytes } from 'node:crypto'
import type { Clock, Keys, Random, UtcOffsetAt } from '../core/ports.ts'

/** Those that wait equally long: one timer for all of them wakes the process once, not each for itself. */
function createBeat(everyMs: number): (task: () => void) => () => void {
  const waiting = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  const fire = (): void => {
    timer = undefined
    // one that another of the same beat cancels does not run any more
    for (const task of [...waiting]) if (waiting.delete(task)) task()
  }
  return (task) => {
    // A function of its own for each call: the same task may wait twice.
    const own = (): void => task()
    waiting.add(own)
    timer ??= setTimeout(fire, everyMs)
    return () => {
      waiting.delete(own)
      if (waiting.size > 0) return
      clearTimeout(timer)
      timer = undefined
    }
  }
}

/** One beat for each time that is waited. */
export function createBeats(): NonNullable<Clock['nextBeat']> {
  const beats = new Map<number, ReturnType<typeof createBeat>>()
  return (withinMs, task) => {
    const beat = beats.get(withinMs) ?? createBeat(withinMs)
    beats.set(withinMs, beat)
    return beat(task)
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  },
  nextBeat: createBeats(),
}

/** The system's zone: minutes east of UTC at an instant. */
export const systemUtcOffset: UtcOffsetAt = (at) => -new Date(at).getTimezoneOffset()

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
export const systemRandom: Random = {
  next: () => Math.random(),
  id: (length) => Array.from(randomBytes(length), (b) => ALPHABET.charAt(b % ALPHABET.length)).join(''),
}

/** This project's namespace for UUIDv5: made once, never changed, or keys of waiting calls would change with it. */
const NAMESPACE = Buffer.from('7c1d6c0e5a7b4b0e9f3d2a6c8e4b1f90', 'hex')
/** In one call where the runtime has that: an object a call costs more than its bytes. */
const sha1 = (bytes: Buffer): Buffer =>
  typeof crypto.hash === 'function'
    ? crypto.hash('sha1', bytes, 'buffer')
    : createHash('sha1').update(bytes).digest()
export const systemKeys: Keys = {
  uuid5(name) {
    const bytes = sha1(Buffer.concat([NAMESPACE, Buffer.from(name)])).subarray(0, 16)
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    const hex = bytes.toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  },
}
