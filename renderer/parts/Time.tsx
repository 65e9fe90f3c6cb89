/** A time as people say it, with the exact one a hover away. */
import { useEffect, useState } from 'react'
import { toAbsolute, toRelative } from '../time.ts'

const TICK_MS = 15_000

/** The wall clock, coarse: enough for "3 min ago". */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}

export function Time({ at, now }: { at: string | null; now: number }) {
  if (at === null) return <span>time unknown</span>
  return (
    <time dateTime={at} title={toAbsolute(at)}>
      {toRelative(at, now)}
    </time>
  )
}
