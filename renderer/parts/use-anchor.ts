/** What is looked at stays where it is when rows come above it. */
import { useLayoutEffect, useRef, useState, type RefObject } from 'react'
import { rowAt, type Places } from './windowing.ts'

interface Anchoring<T> {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  readonly places: Places
  readonly isCounting: boolean
}

/** Keeps the first row that is seen where it is; counts the rows that came above it. */
export function useAnchor<T>({ scroller, rows, keyOf, places, isCounting }: Anchoring<T>) {
  const anchor = useRef<{ key: string; deltaPx: number; at: number } | null>(null)
  const [count, setCount] = useState(0)
  const note = (): void => {
    const node = scroller.current
    if (!node) return
    const top = node.scrollTop
    if (top <= 0) {
      anchor.current = null
      setCount(0)
      return
    }
    const at = rowAt(places, top)
    const row = rows[at]
    if (row !== undefined) anchor.current = { key: keyOf(row), deltaPx: top - (places[at] ?? 0), at }
  }
  useLayoutEffect(() => {
    const kept = anchor.current
    if (!kept) return
    const at = rows.findIndex((row) => keyOf(row) === kept.key)
    if (at < 0) return note()
    if (at === kept.at) return
    scroller.current?.scrollTo({ top: (places[at] ?? 0) + kept.deltaPx })
    if (isCounting && at > kept.at) setCount((was) => was + at - kept.at)
    anchor.current = { ...kept, at }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only other rows move what is seen
  }, [rows])
  return { count, onScroll: note }
}
