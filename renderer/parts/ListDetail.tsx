/** A list with the detail of one of its rows beside it; where there is no room, the detail comes over the list. */
import { X } from 'lucide-react'
import { useEffect, useEffectEvent, useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { useIsWide } from '../data/use-media.ts'
import { Button } from './Button.tsx'
import { focusAfter, focusListIfFree, focusRow, focusRowOnceDrawn, isFocusFree } from './focus.ts'
import { isSecondKey } from './key-sequence.ts'
import css from './ListDetail.module.css'

interface ListDetailProps {
  readonly list: ReactNode
  /** Null: nothing is open. */
  readonly detail: {
    /** Another key: another thing is shown. */
    readonly key: string
    readonly title: ReactNode
    readonly body: ReactNode
    /** Acts, always in sight below the body. */
    readonly acts?: ReactNode
  } | null
  /** What the empty pane says; null: there is no pane while nothing is open. */
  readonly nothing: ReactNode
  /** What is so of the thing that the address names, where it cannot be opened; null: it names none. */
  readonly missing: string | null
  /** Why the list does not show the row of what is open, and how to have it there; null: it does. */
  readonly hidden: { readonly why: string; readonly onShow: () => void } | null
  readonly onClose: () => void
  /** Keys of the detail, by `event.key`; true: it was one. */
  readonly onKey?: (key: string) => boolean
  /** The detail is what is read and worked in, as a thread is: it has the room, the list a column. */
  readonly isReading?: boolean
}

/** Gives the focus back to the list when the detail that had it goes. */
function FocusKeeper() {
  const mark = useRef<HTMLSpanElement>(null)
  // A layout effect: its end runs while the detail is still in the page.
  useLayoutEffect(() => {
    const pane = mark.current?.closest('section')
    return () => {
      if (pane?.contains(document.activeElement)) queueMicrotask(focusListIfFree)
    }
  }, [])
  return <span ref={mark} hidden />
}

/** What the detail needs of a key, whether React or the page gives it. */
type Key = Pick<
  KeyboardEvent,
  'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'defaultPrevented' | 'target' | 'preventDefault'
>

/** Keys of an open detail work from the view's heading, too: there the focus is when an address, the palette or a notification opened it. */
function useKeysOfHeading(isOpen: boolean, onKey: (event: Key) => void): void {
  const take = useEffectEvent((event: KeyboardEvent) => {
    const has = document.activeElement
    const isFree = isFocusFree() || has?.matches('main h1') === true
    if (isFree && document.querySelector('dialog[open]') === null) onKey(event)
  })
  useEffect(() => {
    if (!isOpen) return
    window.addEventListener('keydown', take)
    return () => window.removeEventListener('keydown', take)
  }, [isOpen])
}

export function ListDetail(props: ListDetailProps) {
  const { list, detail, nothing, missing, hidden, onClose, onKey, isReading = false } = props
  const isWide = useIsWide()
  const heading = useRef<HTMLHeadingElement>(null)
  const headingId = useId()
  const openKey = detail?.key ?? null
  const isOver = !isWide && openKey !== null

  // Over the list, the detail has the focus while it is there; its row has it again afterwards.
  const wasOver = useRef(false)
  const lastKey = useRef<string | null>(null)
  useLayoutEffect(() => {
    if (isOver && !wasOver.current) heading.current?.focus()
    const isClosed = openKey === null && lastKey.current !== null
    if (isClosed && (wasOver.current || isFocusFree())) focusRow(lastKey.current)
    wasOver.current = isOver
    lastKey.current = openKey
  }, [isOver, openKey])

  const onKeyDown = (event: Key): void => {
    if (isSecondKey() || event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return
    const isTyping = (event.target as HTMLElement).closest('input, textarea, select') !== null
    if (event.key === 'Escape') {
      if (isOver) onClose()
      else focusRow(openKey)
    } else if (isTyping || !onKey?.(event.key)) return
    event.preventDefault()
  }

  useKeysOfHeading(openKey !== null, onKeyDown)

  const show = (): void => {
    if (!hidden) return
    if (isOver) {
      hidden.onShow()
      onClose()
    } else focusAfter(hidden.onShow, () => focusRowOnceDrawn(openKey))
  }

  return (
    <div className={`${css.panes} ${isReading ? css.reading : ''}`}>
      <div className={css.list} inert={isOver}>
        {!isWide && detail === null && missing !== null && (
          <p className={css.note} role="status">
            {missing}
          </p>
        )}
        {list}
      </div>
      {detail ? (
        <section
          className={`${css.detail} ${isOver ? css.over : ''}`}
          aria-labelledby={headingId}
          onKeyDown={onKeyDown}
          key={detail.key}
        >
          <FocusKeeper />
          <div className={css.head}>
            <h2 id={headingId} ref={heading} tabIndex={-1}>
              {detail.title}
            </h2>
            <Button isLocal look="quiet" aria-label="Close" onClick={onClose}>
              <X size={16} aria-hidden="true" />
            </Button>
          </div>
          {hidden && (
            <p className={css.note}>
              {hidden.why}{' '}
              <Button isLocal onClick={show}>
                Show it
              </Button>
            </p>
          )}
          {/* A tab stop, so that keys scroll what has none of its own. */}
          <div className={css.body} tabIndex={0}>
            {detail.body}
          </div>
          {detail.acts && <div className={css.acts}>{detail.acts}</div>}
        </section>
      ) : (
        isWide &&
        (missing ?? nothing) !== null && (
          <div className={css.detail}>
            <div className={css.nothing} role={missing === null ? undefined : 'status'}>
              {missing ?? nothing}
            </div>
          </div>
        )
      )}
    </div>
  )
}
