/** The texts of messages, asked for when they are shown and kept for as long as the window is open. */
import { useEffect, useState } from 'react'
import { useActs } from '../data/window.ts'

const MOST_KEPT = 500
const kept = new Map<string, string>()

function keep(id: string, body: string): void {
  kept.set(id, body)
  if (kept.size > MOST_KEPT)
    for (const oldest of [...kept.keys()].slice(0, kept.size - MOST_KEPT)) kept.delete(oldest)
}

/** By id; null: it cannot be had; absent: it is asked for. */
export function useBodies(ids: readonly string[]): ReadonlyMap<string, string | null> {
  const acts = useActs()
  const [bodies, setBodies] = useState<ReadonlyMap<string, string | null>>(new Map())
  const key = ids.join('\n')
  useEffect(() => {
    let isGone = false
    const ask = async (): Promise<void> => {
      const found = await Promise.all(
        ids.map(async (id): Promise<readonly [string, string | null]> => {
          const known = kept.get(id)
          if (known !== undefined) return [id, known]
          const got = await acts.read('message.get', { id })
          if (got) keep(id, got.body)
          return [id, got?.body ?? null]
        }),
      )
      if (!isGone) setBodies(new Map(found))
    }
    void ask()
    return () => {
      isGone = true
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says when the ids are others
  }, [acts, key])
  return bodies
}
