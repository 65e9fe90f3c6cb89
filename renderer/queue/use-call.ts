/** A call with its bytes, asked for when it is looked at. */
import { useEffect, useState } from 'react'
import type { Call } from '../../shared/call.ts'
import { useActs, useWindow } from '../data/window.ts'

/** `asking`: on its way; `gone`: it has ended meanwhile; `unread`: it could not be read, and is asked for again with the link. */
export type Whole = Call | 'asking' | 'gone' | 'unread'

/** Another `round` asks anew; until it is answered, what was read last is given. */
export function useCall(id: string | null, round = 0): Whole {
  const acts = useActs()
  const link = useWindow((state) => state.link)
  const [got, setGot] = useState<{ readonly id: string; readonly whole: Whole } | null>(null)
  useEffect(() => {
    if (id === null) return
    let isGone = false
    void acts.readOr('queue.show', { id }).then((found) => {
      if (isGone) return
      const whole = found.ok ? found.value : found.error.code === 'not-found' ? 'gone' : 'unread'
      // Bytes never change: what was read once is not forgotten with the link.
      setGot((was) =>
        whole === 'unread' && was?.id === id && typeof was.whole === 'object' ? was : { id, whole },
      )
    })
    return () => {
      isGone = true
    }
  }, [acts, id, link, round])
  return got?.id === id ? got.whole : 'asking'
}
