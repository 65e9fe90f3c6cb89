/** Asking anew for what changes ten times a second, for as long as a view stands. */
import { useCallback, useEffect, useRef } from 'react'
import { throttle, type Throttle } from './throttle.ts'

const ASK_EVERY_MS = 2_000

/** Whether the view is gone, or asks for something else by now: then an answer is no longer wanted. */
export type IsGone = () => boolean

/**
 * Gives what to call when something changed: `ask` runs at once, or as soon as two seconds have passed since it last began.
 * Another `ask` is another one to run, so keep it the same with `useCallback`.
 */
export function useThrottled(ask: (isGone: IsGone) => Promise<unknown>): () => void {
  const asking = useRef<Throttle>(null)
  useEffect(() => {
    let isGone = false
    const one = throttle(() => ask(() => isGone), ASK_EVERY_MS)
    asking.current = one
    return () => {
      isGone = true
      one.stop()
    }
  }, [ask])
  return useCallback(() => asking.current?.want(), [])
}
