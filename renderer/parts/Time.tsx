/** A time as people say it, with the exact one a hover away. */
import { useState } from 'react'
import { useNow } from '../data/clock.ts'
import { toAbsolute, toRelative } from '../time.ts'

type Pace = 'slow' | 'fast'

export function Time({ at, pace = 'slow' }: { readonly at: string | null; readonly pace?: Pace }) {
  // A queued line names its time itself, and may name none.
  if (at === null || Number.isNaN(Date.parse(at))) return <span>time unknown</span>
  return <Known key={at} at={at} pace={pace} />
}

function Known({ at, pace }: { readonly at: string; readonly pace: Pace }) {
  // The clock moves in steps: what was done since the last one would be said to be ahead.
  const [firstShown] = useState(() => Date.now())
  const now = Math.max(useNow(pace), firstShown)
  return (
    <time dateTime={at} title={toAbsolute(at)}>
      {toRelative(at, now)}
    </time>
  )
}
