/**
 * A list of any length that draws only what is seen, as a grid: one row holds the tab stop, arrow keys move it over every
 * row, what stands in the row is reached by Tab. Rows have fixed heights, so nothing jumps: what is looked at stays where
 * it is when rows come above it, and the focus goes on to the next row when its own row goes.
 */
import {
  createContext,
  useContext,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
} from 'react'
import { Button } from './Button.tsx'
import { focusHeading, focusHeadingIfFree, grantWish, isFocusFree } from './focus.ts'
import { isSecondKey } from './key-sequence.ts'
import css from './List.module.css'
import { useWindowing } from './use-windowing.ts'
import { placesOf, rowAt, type Places } from './windowing.ts'

/** Heights that rows have, in px; tokens.css has the same. */
export const ROW_PX = 44
/** Of a head that nothing is done to: what can be pressed is as high as a row. */
export const HEAD_PX = 34

interface ListProps<T> {
  readonly label: string
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  /** Fixed for each kind of row; 44 where it is left out. */
  readonly heightOf?: (row: T) => number
  /** A row that heads those below it: it stands on a ground of its own. */
  readonly isHead?: (row: T) => boolean
  /** Draws the row's cells (`Cell`). */
  readonly draw: (row: T) => ReactNode
  /** The row whose detail is open. */
  readonly openKey?: string | null
  /** Enter, or a click on the row itself. */
  readonly onOpen?: (row: T) => void
  /** Rows that Enter and a click do nothing to; left out: all can be opened. */
  readonly canOpen?: (row: T) => boolean
  /** A selection that moves along with the focus, where the detail stands beside the list. */
  readonly onMove?: (row: T) => void
  /** Keys that act on a row, by `event.key`; true: it was one. */
  readonly onKey?: (row: T, key: string) => boolean
  /** More rows are on their way: End goes on to the last one as they come. */
  readonly isPart?: boolean
  /** What the words of a new row above are: `2 new`. Left out: nothing is said. */
  readonly newWords?: (count: number) => string
}

const placeOf = new Map<string, number>()
export const ActiveRow = createContext(false)
/** The tab stop of what stands in a row: only the row with the focus lets Tab in. */
export const useRowTab = (): 0 | -1 => (useContext(ActiveRow) ? 0 : -1)

export function Cell({
  children,
  className,
}: {
  readonly children?: ReactNode
  readonly className?: string | undefined
}) {
  return (
    <div role="gridcell" className={className}>
      {children}
    </div>
  )
}

/** A button or link inside a row: what it does to the row, Enter and a click do not open it. */
export function RowButton(props: Parameters<typeof Button>[0]) {
  const tabIndex = useRowTab()
  return (
    <Button
      {...props}
      tabIndex={tabIndex}
      onClick={(event) => {
        event.stopPropagation()
        props.onClick?.(event)
      }}
    />
  )
}

/** Whether a click ended a selection of text instead of meaning the row. */
export const isText = (event: MouseEvent): boolean => {
  const selection = getSelection()
  return selection !== null && !selection.isCollapsed && selection.containsNode(event.currentTarget, true)
}

export function List<T>(props: ListProps<T>) {
  const {
    label,
    rows,
    keyOf,
    heightOf,
    isHead,
    draw,
    openKey,
    onOpen,
    canOpen,
    onMove,
    onKey,
    newWords,
    isPart,
  } = props
  const scroller = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<string | null>(openKey ?? null)
  const foundAt = active === null ? -1 : rows.findIndex((row) => keyOf(row) === active)
  // The tab stop of a row that went is at what stands in its place now.
  const [lastAt, setLastAt] = useState(0)
  if (foundAt >= 0 && foundAt !== lastAt) setLastAt(foundAt)
  const activeAt = foundAt >= 0 ? foundAt : Math.min(lastAt, rows.length - 1)

  const places = placesOf(rows, heightOf ?? (() => ROW_PX))
  const { drawn, onScroll, show } = useWindowing({
    scroller,
    places,
    kept: activeAt,
    leftAt: placeOf.get(label) ?? 0,
  })
  const opens = (row: T): boolean => onOpen !== undefined && (canOpen?.(row) ?? true)

  const above = useAnchor({
    scroller,
    rows,
    keyOf,
    places,
    isCounting: newWords !== undefined,
  })
  const want = useKeptFocus({ scroller, rows, keyOf, setActive, show, onMove })
  useLayoutEffect(grantWish)

  useEffect(() => {
    const node = scroller.current
    return () => void (node && placeOf.set(label, node.scrollTop))
  }, [label])

  // What an address names is brought into view, once for each name.
  const shown = useRef<string | null>(null)
  useLayoutEffect(() => {
    const at = openKey ? rows.findIndex((row) => keyOf(row) === openKey) : -1
    // One that went is brought into view again when it is back.
    if (!openKey || at < 0) shown.current = null
    if (!openKey || at < 0 || openKey === shown.current) return
    shown.current = openKey
    setActive(openKey)
    show(at)
  }, [openKey, rows, keyOf, show])

  const moveTo = (at: number): void => {
    const row = rows[at]
    if (row === undefined) return
    want(keyOf(row))
    setActive(keyOf(row))
    show(at)
    shown.current = keyOf(row)
    onMove?.(row)
  }

  const goOnToEnd = useEndOfPart(rows.length, isPart ?? false, scroller, moveTo)

  const onKeyDown = (event: KeyboardEvent): void => {
    if (isSecondKey() || event.altKey || event.ctrlKey || event.metaKey) return
    const target = event.target as HTMLElement
    const node = target.closest<HTMLElement>('[role=row]')
    // The row that has the focus, not the one that is drawn as active: a picture may have come in between.
    const found = rows.findIndex((one) => keyOf(one) === node?.dataset['key'])
    const at = found >= 0 ? found : activeAt
    const row = rows[at]
    if (row === undefined) return
    if (target !== node) {
      if (event.key !== 'Escape' || !node) return
      event.preventDefault()
      moveTo(at)
      return
    }
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 440) / ROW_PX) - 1)
    const last = rows.length - 1
    const to = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: last,
    }[event.key]
    goOnToEnd(event.key === 'End')
    if (to !== undefined) moveTo(Math.min(last, Math.max(0, to)))
    else if (event.key === 'Enter' && onOpen && opens(row)) onOpen(row)
    else if (!onKey?.(row, event.key)) return
    event.preventDefault()
  }

  return (
    <div className={css.frame}>
      {newWords && above.count > 0 && (
        <div className={css.above}>
          <Button isLocal look="primary" onClick={() => moveTo(0)}>
            {newWords(above.count)}
          </Button>
        </div>
      )}
      <div
        className={css.scroller}
        ref={scroller}
        onScroll={() => {
          above.onScroll()
          onScroll()
        }}
        data-list
      >
        <div
          role="grid"
          aria-label={label}
          aria-rowcount={rows.length}
          className={css.rows}
          style={{ height: places.at(-1) }}
          onKeyDown={onKeyDown}
          onPointerDown={() => goOnToEnd(false)}
        >
          {drawn.map((at) => {
            const row = rows[at]
            if (row === undefined) return null
            const key = keyOf(row)
            const isActive = at === activeAt
            const start = places[at] ?? 0
            return (
              <div
                key={key}
                role="row"
                data-key={key}
                className={css.row}
                aria-rowindex={at + 1}
                aria-selected={opens(row) ? key === openKey : undefined}
                data-can-open={opens(row) ? '' : undefined}
                data-head={isHead?.(row) ? '' : undefined}
                tabIndex={isActive ? 0 : -1}
                style={{ transform: `translateY(${start}px)`, height: (places[at + 1] ?? 0) - start }}
                onFocus={() => {
                  if (active !== key) setActive(key)
                }}
                onClick={(event) => {
                  if (onOpen && opens(row) && !isText(event)) onOpen(row)
                }}
              >
                <ActiveRow value={isActive}>{draw(row)}</ActiveRow>
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

/** Gives what to call with each key and press: after End, `moveTo` is called with the last row each time that rows come, until all are there. */
function useEndOfPart(
  count: number,
  isPart: boolean,
  scroller: React.RefObject<HTMLDivElement | null>,
  moveTo: (at: number) => void,
): (isEnd: boolean) => void {
  const isGoing = useRef(false)
  useEffect(() => {
    if (isGoing.current && scroller.current?.contains(document.activeElement)) moveTo(count - 1)
    else isGoing.current = false
    if (!isPart) isGoing.current = false
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only rows that come move it
  }, [count, isPart])
  return (isEnd) => {
    isGoing.current = isEnd && isPart
  }
}

interface Anchoring<T> {
  readonly scroller: React.RefObject<HTMLDivElement | null>
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  readonly places: Places
  readonly isCounting: boolean
}

/** Keeps the first row that is seen where it is; counts the rows that came above it. */
function useAnchor<T>({ scroller, rows, keyOf, places, isCounting }: Anchoring<T>) {
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

interface Keeping<T> {
  readonly scroller: React.RefObject<HTMLDivElement | null>
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
