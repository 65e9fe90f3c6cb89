/** The texts of messages, asked for when they are shown and kept for as long as the window is open. */
import { useEffect, useState } from 'react'
import { useActs, useCanAct } from '../data/window.ts'

const MOST_KEPT = 500
const kept = new Map<string, string>()

function keep(id: string, body: string): void {
  kept.set(id, body)
  if (kept.size > MOST_KEPT)
    for (const oldest of [...kept.keys()].slice(0, kept.size - MOST_KEPT)) kept.delete(oldest)
}

/** `gone`: the engine has it no more; `failed`: it cannot be read now, and is asked for again. */
export type Body = { readonly text: string } | 'gone' | 'failed'

const AGAIN_MS = 5_000

/** By id; absent: it is asked for. */
export function useBodies(ids: readonly string[]): ReadonlyMap<string, Body> {
  const acts = useActs()
  const canAsk = useCanAct()
  const [round, setRound] = useState(0)
  const [bodies, setBodies] = useState<ReadonlyMap<string, Body>>(new Map())
  const key = ids.join('\n')
  useEffect(() => {
    let isGone = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      const found = await Promise.all(
        ids.map(async (id): Promise<readonly [string, Body]> => {
          const known = kept.get(id)
          if (known !== undefined) return [id, { text: known }]
          const got = await acts.readOr('message.get', { id })
          if (!got.ok) return [id, got.error.code === 'not-found' ? 'gone' : 'failed']
          keep(id, got.value.body)
          return [id, { text: got.value.body }]
        }),
      )
      if (isGone) return
      setBodies(new Map(found))
      if (found.some(([, body]) => body === 'failed'))
        timer = setTimeout(() => setRound((was) => was + 1), AGAIN_MS)
    }
    void ask()
    return () => {
      isGone = true
      clearTimeout(timer)
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says when the ids are others
  }, [acts, key, canAsk, round])
  return bodies
}
