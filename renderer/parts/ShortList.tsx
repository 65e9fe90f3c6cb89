/** A list so short that all of it is drawn, in a page that scrolls; the keys and the focus are those of `List`. */
import { useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { isSecondKey } from './key-sequence.ts'
import { ActiveRow, isText, noteDown } from './List.tsx'
import css from './ShortList.module.css'
import { useKeptFocus } from './use-kept-focus.ts'

interface ShortListProps<T> {
  readonly label: string
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
  /** Draws the row's cells (`Cell`). */
  readonly draw: (row: T) => ReactNode
  readonly onOpen?: (row: T) => void
  readonly onKey?: (row: T, key: string) => boolean
}

/** All of it is in the page, which scrolls by itself. */
const stay = (): void => undefined

export function ShortList<T>({ label, rows, keyOf, draw, onOpen, onKey }: ShortListProps<T>) {
  const list = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<string | null>(null)
  const activeAt = Math.max(
    0,
    rows.findIndex((row) => keyOf(row) === active),
  )
  useKeptFocus({ scroller: list, rows, keyOf, setActive, show: stay })

  const onKeyDown = (event: KeyboardEvent): void => {
    if (isSecondKey() || event.altKey || event.ctrlKey || event.metaKey) return
    const target = event.target as HTMLElement
    const row = rows[activeAt]
    if (row === undefined) return
    const focusAt = (at: number): void => {
      const wanted = rows[Math.min(rows.length - 1, Math.max(0, at))]
      if (wanted === undefined) return
      list.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(keyOf(wanted))}"]`)?.focus()
    }
    if (target.getAttribute('role') !== 'row') {
      if (event.key !== 'Escape') return
      event.preventDefault()
      focusAt(activeAt)
      return
    }
    const to = {
      ArrowDown: activeAt + 1,
      j: activeAt + 1,
      ArrowUp: activeAt - 1,
      k: activeAt - 1,
      Home: 0,
      End: rows.length - 1,
    }[event.key]
    if (to !== undefined) focusAt(to)
    else if (event.key === 'Enter' && onOpen) onOpen(row)
    else if (!onKey?.(row, event.key)) return
    event.preventDefault()
  }

  return (
    <div
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length}
      ref={list}
      className={css.list}
      onKeyDown={onKeyDown}
      onPointerDown={noteDown}
    >
      {rows.map((row, at) => {
        const key = keyOf(row)
        return (
          <div
            key={key}
            role="row"
            data-key={key}
            data-can-open={onOpen ? '' : undefined}
            className={css.row}
            aria-rowindex={at + 1}
            tabIndex={at === activeAt ? 0 : -1}
            onFocus={() => setActive(key)}
            onClick={(event) => {
              if (onOpen && !isText(event)) onOpen(row)
            }}
          >
            <ActiveRow value={at === activeAt}>{draw(row)}</ActiveRow>
          </div>
        )
      })}
    </div>
  )
}
