/** One clock for all that the window says of time: what shows a time takes part in it, and nothing else is drawn anew. */
import { useSyncExternalStore } from 'react'

interface Beat {
  now: number
  readonly listeners: Set<() => void>
  timer: ReturnType<typeof setInterval> | undefined
}

const beats = new Map<number, Beat>()

function beatOf(everyMs: number): Beat {
  const known = beats.get(everyMs)
  if (known) return known
  const made: Beat = { now: Date.now(), listeners: new Set(), timer: undefined }
  beats.set(everyMs, made)
  return made
}

function join(everyMs: number, listener: () => void): () => void {
  const beat = beatOf(everyMs)
  beat.listeners.add(listener)
  beat.timer ??= setInterval(() => {
    beat.now = Date.now()
    for (const one of beat.listeners) one()
  }, everyMs)
  return () => {
    beat.listeners.delete(listener)
    if (beat.listeners.size > 0) return
    clearInterval(beat.timer)
    beat.timer = undefined
  }
}

const SLOW_MS = 15_000
const FAST_MS = 1_000
const subscribers = {
  slow: (listener: () => void) => join(SLOW_MS, listener),
  fast: (listener: () => void) => join(FAST_MS, listener),
}
const readers = {
  slow: () => current(SLOW_MS),
  fast: () => current(FAST_MS),
}

/** Between beats the same value; one that nobody listened to for a while is brought up to date. */
function current(everyMs: number): number {
  const beat = beatOf(everyMs)
  if (beat.timer === undefined && Date.now() - beat.now >= everyMs) beat.now = Date.now()
  return beat.now
}

/** Now, in epoch milliseconds: `slow` moves each 15 s ("3 min ago"), `fast` each second (a countdown). */
export const useNow = (pace: 'slow' | 'fast' = 'slow'): number =>
  useSyncExternalStore(subscribers[pace], readers[pace])
