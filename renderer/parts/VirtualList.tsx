/**
 * A list of any length that draws only what is seen. One row holds the list's tab stop; arrow keys, Home, End and Page
 * keys move it, so that five thousand rows are one Tab away from what follows them.
 */
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'

interface VirtualListProps<T> {
  readonly label: string
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  /** Draws a row; `tabIndex` belongs on its main control, which carries `data-main`. Rows without one are passed over. */
  readonly draw: (row: T, tabIndex: 0 | -1) => ReactNode
  readonly hasMain: (row: T) => boolean
  readonly estimatePx: number
  /** The row to bring into view and focus, when it changes. */
  readonly goTo?: string | null
}

export function VirtualList<T>({ label, rows, keyOf, draw, hasMain, estimatePx, goTo }: VirtualListProps<T>) {
  const scroller = useRef<HTMLDivElement>(null)
  const [chosen, setChosen] = useState<string | null>(null)
  const wanted = useRef<string | null>(null)
  const foundAt = chosen === null ? -1 : rows.findIndex((row) => keyOf(row) === chosen)
  const activeAt = foundAt >= 0 ? foundAt : rows.findIndex(hasMain)

  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer is read in this component only, never memoised
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimatePx,
    getItemKey: (at) => {
      const row = rows[at]
      return row === undefined ? at : keyOf(row)
    },
    overscan: 6,
    // The row with the focus stays in the page, wherever it is scrolled to.
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range)
      return activeAt < 0 || seen.includes(activeAt) ? seen : [...seen, activeAt].sort((a, b) => a - b)
    },
  })

  const focusWanted = (): void => {
    const at = wanted.current
    if (at === null) return
    const main = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(at)}"] [data-main]`)
    if (!main) return
    wanted.current = null
    main.focus({ preventScroll: true })
  }
  useEffect(focusWanted)

  const moveTo = (at: number, align: 'auto' | 'start' = 'auto'): void => {
    const row = rows[at]
    if (row === undefined) return
    wanted.current = keyOf(row)
    setChosen(keyOf(row))
    virtual.scrollToIndex(at, { align })
    focusWanted()
  }

  const lastGoTo = useRef<string | null>(null)
  useEffect(() => {
    if (!goTo || goTo === lastGoTo.current) return
    const at = rows.findIndex((row) => keyOf(row) === goTo)
    if (at < 0) return
    lastGoTo.current = goTo
    // An outside wish (a click on a notification) moves the focus once.
    moveTo(at, 'start')
  })

  const onKeyDown = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement
    if (!target.hasAttribute('data-main') || event.altKey || event.ctrlKey || event.metaKey) return
    const step = (by: 1 | -1, times = 1, from = activeAt): number => {
      let found = activeAt
      for (let at = from + by; at >= 0 && at < rows.length && times > 0; at += by) {
        const row = rows[at]
        if (row === undefined || !hasMain(row)) continue
        found = at
        times--
      }
      return found
    }
    const to = {
      ArrowDown: step(1),
      ArrowUp: step(-1),
      PageDown: step(1, 10),
      PageUp: step(-1, 10),
      Home: step(1, 1, -1),
      End: step(-1, 1, rows.length),
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    moveTo(to)
  }

  return (
    <div className="list-scroll" ref={scroller} onKeyDown={onKeyDown} data-list={label}>
      <div className="list" role="list" aria-label={label} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index]
          if (row === undefined) return null
          return (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              data-key={keyOf(row)}
              className="list-row"
              role="listitem"
              aria-setsize={rows.length}
              aria-posinset={item.index + 1}
              style={{ transform: `translateY(${item.start}px)` }}
              onFocus={() => {
                if (hasMain(row) && chosen !== keyOf(row)) setChosen(keyOf(row))
              }}
            >
              {draw(row, item.index === activeAt ? 0 : -1)}
            </div>
          )
        })}
      </div>
    </div>
  )
}
