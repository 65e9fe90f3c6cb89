/** A time as people say it, with the exact one a hover away. */
import { useNow } from '../data/clock.ts'
import { toAbsolute, toRelative } from '../time.ts'

export function Time({ at, pace = 'slow' }: { readonly at: string | null; readonly pace?: 'slow' | 'fast' }) {
  const now = useNow(pace)
  // A queued line names its time itself, and may name none.
  if (at === null || Number.isNaN(Date.parse(at))) return <span>time unknown</span>
  return (
    <time dateTime={at} title={toAbsolute(at)}>
      {toRelative(at, now)}
    </time>
  )
}
