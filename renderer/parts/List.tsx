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
  type RefObject,
} from 'react'
import { Button } from './Button.tsx'
import { grantWish } from './focus.ts'
import { isSecondKey } from './key-sequence.ts'
import css from './List.module.css'
import { useAnchor } from './use-anchor.ts'
import { useKeptFocus } from './use-kept-focus.ts'
import { useWindowing } from './use-windowing.ts'
import { placesOf, type Places } from './windowing.ts'

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

/** Where the pointer went down last. */
let down = { clientX: 0, clientY: 0 }
export const noteDown = ({ clientX, clientY }: MouseEvent): void => {
  down = { clientX, clientY }
}
/** So far a hand may slip while it clicks. */
const SLIP_PX = 4

/** Whether a click ended a selection of text instead of meaning the row. One that was made before goes only after a click on it. */
export const isText = (event: MouseEvent): boolean => {
  const selection = getSelection()
  const hasMoved = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > SLIP_PX
  return (
    hasMoved &&
    selection !== null &&
    !selection.isCollapsed &&
    selection.containsNode(event.currentTarget, true)
  )
}

type Move = (at: number) => void

/** What an address names is brought into view, once for each name. Gives what to call with a row that is in view by itself. */
function useShown<T>(
  { rows, keyOf, openKey }: Pick<ListProps<T>, 'rows' | 'keyOf' | 'openKey'>,
  bring: (key: string, at: number) => void,
): (key: string) => void {
  const shown = useRef<string | null>(null)
  useLayoutEffect(() => {
    const at = openKey ? rows.findIndex((row) => keyOf(row) === openKey) : -1
    // One that went is brought into view again when it is back.
    if (!openKey || at < 0) shown.current = null
    if (!openKey || at < 0 || openKey === shown.current) return
    shown.current = openKey
    bring(openKey, at)
  })
  return (key) => {
    shown.current = key
  }
}

/** The tab stop: a row that holds it, or what stands in its place when it went. */
function useTabStop<T>({ rows, keyOf, openKey }: Pick<ListProps<T>, 'rows' | 'keyOf' | 'openKey'>) {
  const [active, setActive] = useState<string | null>(openKey ?? null)
  const foundAt = active === null ? -1 : rows.findIndex((row) => keyOf(row) === active)
  const [lastAt, setLastAt] = useState(0)
  if (foundAt >= 0 && foundAt !== lastAt) setLastAt(foundAt)
  return { active, activeAt: foundAt >= 0 ? foundAt : Math.min(lastAt, rows.length - 1), setActive }
}

/** Where each key of movement leads from the row at `at`. */
const targetsOf = (at: number, page: number, last: number): Readonly<Record<string, number>> => ({
  ArrowDown: at + 1,
  j: at + 1,
  ArrowUp: at - 1,
  k: at - 1,
  PageDown: at + page,
  PageUp: at - page,
  Home: 0,
  End: last,
})

interface Keys<T> extends Pick<ListProps<T>, 'rows' | 'keyOf' | 'onOpen' | 'onKey'> {
  readonly activeAt: number
  readonly opens: (row: T) => boolean
  readonly moveTo: Move
  readonly goOnToEnd: (isEnd: boolean) => void
  /** Height of what is seen, in px. */
  readonly seenPx: () => number
}

/** Keys of the row that has the focus; Escape leads back to it from what stands in it. */
function onListKey<T>(event: KeyboardEvent, keys: Keys<T>): void {
  const { rows, keyOf, activeAt, onOpen, onKey, opens, moveTo, goOnToEnd, seenPx } = keys
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
  const last = rows.length - 1
  const to = targetsOf(at, Math.max(1, Math.floor(seenPx() / ROW_PX) - 1), last)[event.key]
  goOnToEnd(event.key === 'End')
  if (to !== undefined) moveTo(Math.min(last, Math.max(0, to)))
  else if (event.key === 'Enter' && onOpen && opens(row)) onOpen(row)
  else if (!onKey?.(row, event.key)) return
  event.preventDefault()
}

interface RowProps<T> extends Pick<ListProps<T>, 'draw' | 'isHead' | 'openKey' | 'onOpen'> {
  readonly row: T
  readonly rowKey: string
  readonly at: number
  readonly places: Places
  readonly isActive: boolean
  readonly canOpen: boolean
  readonly onFocus: () => void
}

function Row<T>(props: RowProps<T>) {
  const { row, rowKey, at, places, isActive, canOpen, draw, isHead, openKey, onOpen, onFocus } = props
  const start = places[at] ?? 0
  return (
    <div
      role="row"
      data-key={rowKey}
      className={css.row}
      aria-rowindex={at + 1}
      aria-selected={canOpen ? rowKey === openKey : undefined}
      data-can-open={canOpen ? '' : undefined}
      data-head={isHead?.(row) ? '' : undefined}
      tabIndex={isActive ? 0 : -1}
      style={{ transform: `translateY(${start}px)`, height: (places[at + 1] ?? 0) - start }}
      onFocus={onFocus}
      onClick={(event) => {
        if (onOpen && canOpen && !isText(event)) onOpen(row)
      }}
    >
      <ActiveRow value={isActive}>{draw(row)}</ActiveRow>
    </div>
  )
}

/** The list scrolls to where it was left when it was shown last. */
function useLeftPlace(label: string, scroller: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const node = scroller.current
    return () => void (node && placeOf.set(label, node.scrollTop))
  }, [label, scroller])
}

export function List<T>(props: ListProps<T>) {
  const { label, rows, keyOf, heightOf, onOpen, canOpen, onMove, newWords, isPart } = props
  const scroller = useRef<HTMLDivElement>(null)
  const { active, activeAt, setActive } = useTabStop(props)
  const places = placesOf(rows, heightOf ?? (() => ROW_PX))
  const { drawn, onScroll, show } = useWindowing({
    scroller,
    places,
    kept: activeAt,
    leftAt: placeOf.get(label) ?? 0,
  })
  const opens = (row: T): boolean => onOpen !== undefined && (canOpen?.(row) ?? true)
  const above = useAnchor({ scroller, rows, keyOf, places, isCounting: newWords !== undefined })
  const want = useKeptFocus({ scroller, rows, keyOf, setActive, show, onMove })
  useLayoutEffect(grantWish)
  useLeftPlace(label, scroller)
  const setShown = useShown(props, (key, at) => {
    setActive(key)
    show(at)
  })
  const moveTo: Move = (at) => {
    const row = rows[at]
    if (row === undefined) return
    want(keyOf(row))
    setActive(keyOf(row))
    show(at)
    setShown(keyOf(row))
    onMove?.(row)
  }
  const goOnToEnd = useEndOfPart(rows.length, isPart ?? false, scroller, moveTo)
  const seenPx = (): number => scroller.current?.clientHeight ?? 440
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
          onKeyDown={(event) => onListKey(event, { ...props, activeAt, opens, moveTo, goOnToEnd, seenPx })}
          onPointerDown={(event) => {
            noteDown(event)
            goOnToEnd(false)
          }}
        >
          {drawn.map((at) => {
            const row = rows[at]
            if (row === undefined) return null
            const key = keyOf(row)
            const onFocus = (): void => {
              if (active !== key) setActive(key)
            }
            const isActive = at === activeAt
            return (
              <Row
                key={key}
                {...{ ...props, row, rowKey: key, at, places, isActive, canOpen: opens(row), onFocus }}
              />
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
  scroller: RefObject<HTMLDivElement | null>,
  moveTo: Move,
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
