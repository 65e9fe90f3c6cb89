/** Draws of a long list what is seen of it: follows where it is scrolled to and how high it is. */
import { useLayoutEffect, useState, type RefObject } from 'react'
import { drawnOf, scrollTo, type Places, type Seen } from './windowing.ts'

interface Wish {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly places: Places
  /** The row with the focus stays in the page, wherever it is scrolled to; -1: none. */
  readonly kept: number
  /** Where the list was left, in px. */
  readonly leftAt: number
}

interface Windowing {
  readonly drawn: readonly number[]
  /** Called when the list was scrolled. */
  readonly onScroll: () => void
  /** Brings a row into view, moving as little as can be. */
  readonly show: (at: number) => void
}

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a[0] === b[0] && a.at(-1) === b.at(-1)

export function useWindowing({ scroller, places, kept, leftAt }: Wish): Windowing {
  const [seen, setSeen] = useState<Seen>(() => ({ topPx: leftAt, heightPx: innerHeight }))
  const look = (): void => {
    const node = scroller.current
    if (!node) return
    const next = { topPx: node.scrollTop, heightPx: node.clientHeight }
    // Within the rows that are drawn already, nothing is drawn anew.
    setSeen((was) => (isSame(drawnOf(places, was, -1), drawnOf(places, next, -1)) ? was : next))
  }
  useLayoutEffect(() => {
    const node = scroller.current
    if (!node) return
    node.scrollTo({ top: leftAt })
    const observer = new ResizeObserver(() => setSeen({ topPx: node.scrollTop, heightPx: node.clientHeight }))
    observer.observe(node)
    return () => observer.disconnect()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- where it was left is where it begins, once
  }, [scroller])
  return {
    drawn: drawnOf(places, seen, kept),
    onScroll: look,
    show: (at) => {
      const node = scroller.current
      if (!node) return
      const to = scrollTo(places, at, { topPx: node.scrollTop, heightPx: node.clientHeight })
      if (to !== null) node.scrollTo({ top: to })
    },
  }
}
