/** A call with its bytes, asked for when it is looked at. */
import { useEffect, useState } from 'react'
import type { Call } from '../../shared/call.ts'
import { useActs } from '../data/window.ts'

/** `asking`: on its way; `gone`: it has ended meanwhile, or cannot be read. */
export type Whole = Call | 'asking' | 'gone'

export function useCall(id: string | null): Whole {
  const acts = useActs()
  const [got, setGot] = useState<{ readonly id: string; readonly whole: Whole } | null>(null)
  useEffect(() => {
    if (id === null) return
    let isGone = false
    void acts.read('queue.show', { id }).then((call) => {
      if (!isGone) setGot({ id, whole: call ?? 'gone' })
    })
    return () => {
      isGone = true
    }
  }, [acts, id])
  return got?.id === id ? got.whole : 'asking'
}
