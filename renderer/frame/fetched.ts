/** Code that comes when it is first wanted, or when the window has nothing else to do; asked for again with each link. */
import { useEffect, useEffectEvent, useState, type ComponentType } from 'react'
import { useWindow } from '../data/window.ts'

/** One and the same function for one and the same code. */
export type Load = () => Promise<ComponentType>

const fetched = new Map<Load, ComponentType>()

/** Gives what is there then. Where it is not, the engine is gone, or is of another version than the page. */
export async function fetchCode(load: Load): Promise<ComponentType | 'failed'> {
  const known = fetched.get(load)
  if (known) return known
  try {
    const code = await load()
    fetched.set(load, code)
    return code
  } catch {
    return 'failed'
  }
}

/** Fetches them all once nothing else is to be done: what is opened then is there at once. */
export function useFetchedAhead(all: readonly Load[]): void {
  const link = useWindow((state) => state.link)
  useEffect(() => {
    if (link !== 'up') return
    const timer = requestIdleCallback(() => void Promise.all(all.map(fetchCode)), { timeout: 1_000 })
    return () => cancelIdleCallback(timer)
  }, [all, link])
}

/** What `load` gives, once it is there; until then whether it could not be had. `onCome`: it is drawn next. */
export function useFetched(load: Load, onCome?: () => void): ComponentType | 'coming' | 'failed' {
  const link = useWindow((state) => state.link)
  const [code, setCode] = useState<{ readonly is: ComponentType | 'coming' | 'failed' }>(() => ({
    is: fetched.get(load) ?? 'coming',
  }))
  const isThere = typeof code.is !== 'string'
  const take = useEffectEvent((is: ComponentType | 'failed') => {
    if (is !== 'failed') onCome?.()
    setCode({ is })
  })
  useEffect(() => {
    if (isThere) return
    let isGone = false
    void fetchCode(load).then((is) => isGone || take(is))
    return () => void (isGone = true)
  }, [load, isThere, link])
  return code.is
}
