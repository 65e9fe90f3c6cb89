/** The focus of a list goes on to the next row when its own row goes. */
import { useLayoutEffect, useRef, type RefObject } from 'react'
import { focusHeading, focusHeadingIfFree, isFocusFree } from './focus.ts'

interface Keeping<T> {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  readonly setActive: (key: string) => void
  /** Brings a row into view. */
  readonly show: (at: number) => void
  /** Told of the row that the focus went on to. */
  readonly onMove?: ((row: T) => void) | undefined
}

/** Gives what to call with the row that is to have the focus; moves it on from one that went: to the next, else the one before, else the heading. */
export function useKeptFocus<T>({ scroller, rows, keyOf, setActive, show, onMove }: Keeping<T>) {
  const wanted = useRef<string | null>(null)
  const had = useRef<{ key: string; at: number } | null>(null)

  // Layout effects: a row that goes has given the focus on before the next key, and before other parts look for who has it.
  useLayoutEffect(() => {
    const node = scroller.current
    if (!node) return
    const onIn = (event: FocusEvent): void => {
      const row = (event.target as HTMLElement).closest<HTMLElement>('[role=row]')
      if (row?.dataset['key'] === undefined) return
      had.current = { key: row.dataset['key'], at: Number(row.getAttribute('aria-rowindex')) - 1 }
    }
    /** The focus went elsewhere, and not because its row went. */
    const onOut = (event: FocusEvent): void => {
      const to = event.relatedTarget
      const isDialog = to instanceof HTMLElement && to.closest('dialog') !== null
      if (to instanceof HTMLElement && !node.contains(to) && !isDialog) had.current = null
    }
    node.addEventListener('focusin', onIn)
    node.addEventListener('focusout', onOut)
    return () => {
      node.removeEventListener('focusin', onIn)
      node.removeEventListener('focusout', onOut)
      // The whole list went, and the focus with it.
      if (had.current) queueMicrotask(focusHeadingIfFree)
    }
  }, [scroller])

  useLayoutEffect(() => {
    const find = (key: string): HTMLElement | null | undefined =>
      scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
    if (wanted.current !== null) {
      const node = find(wanted.current)
      if (!node) return
      wanted.current = null
      node.focus({ preventScroll: true })
      return
    }
    const last = had.current
    if (!last) return
    const at = rows.findIndex((row) => keyOf(row) === last.key)
    if (at >= 0) {
      last.at = at
      // A dialog that gave the focus back to nothing.
      if (document.activeElement === document.body) find(last.key)?.focus({ preventScroll: true })
      return
    }
    if (!isFocusFree()) return
    const next = rows[Math.min(last.at, rows.length - 1)]
    if (next === undefined) {
      had.current = null
      focusHeading()
      return
    }
    wanted.current = keyOf(next)
    setActive(keyOf(next))
    show(Math.min(last.at, rows.length - 1))
    onMove?.(next)
  })
  return (key: string): void => {
    wanted.current = key
  }
}
