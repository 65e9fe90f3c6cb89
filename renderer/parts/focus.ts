/**
 * Where the focus goes when the thing that had it is gone. No timer gives it: what is drawn next has it before the next key
 * comes, and what is drawn later takes it only where the person did not go on meanwhile.
 */
import { flushSync } from 'react-dom'

/** To the view's heading. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
}

/** What is to have the focus once it is drawn: the row of that key, or the list. `from` had it when that was wished. */
let wish: { readonly key: string | null; readonly from: Element | null } | null = null
const wishFor = (key: string | null): void => void (wish = { key, from: document.activeElement })

const tabStop = (): HTMLElement | null =>
  document.querySelector<HTMLElement>('main [role=grid] [role=row][tabindex="0"]')

/** To the list's row that has the tab stop; the heading where there is no list, until the list is drawn with its view. */
export function focusList(): void {
  const row = tabStop()
  if (row) row.focus({ preventScroll: true })
  else focusHeading()
  if (!row && document.querySelector('main [data-coming]') !== null) wishFor(null)
  else forgetWish()
}

/** For a list that was just drawn: takes the focus that was wished for it, unless the person went on meanwhile. */
export function grantWish(): void {
  if (!wish) return
  const { key, from } = wish
  const now = document.activeElement
  // A view that came has a heading of its own.
  const isStill = isFocusFree() || now === from || now?.matches('main h1')
  const row = key === null ? tabStop() : rowOf(key)
  if (isStill && !row) return
  forgetWish()
  if (isStill) row?.focus({ preventScroll: true })
}

/** Another place is gone to: what was wished of the one before counts no more. */
export const forgetWish = (): void => void (wish = null)

const rowOf = (key: string | null): HTMLElement | null =>
  key === null
    ? null
    : document.querySelector<HTMLElement>(`main [role=grid] [role=row][data-key="${CSS.escape(key)}"]`)

/** To the row of that key; to the list where it has none. */
export function focusRow(key: string | null): void {
  const row = rowOf(key)
  if (row) row.focus({ preventScroll: true })
  else focusList()
}

/** To a row that a list unfolds, fetches or scrolls to: as soon as it is drawn. */
export function focusRowOnceDrawn(key: string | null): void {
  if (key === null || rowOf(key)) focusRow(key)
  else wishFor(key)
}

/** Nothing has it: what had it is gone. */
export const isFocusFree = (): boolean =>
  document.activeElement === null || document.activeElement === document.body

export function focusHeadingIfFree(): void {
  if (isFocusFree()) focusHeading()
}
/** For who goes to a view while the focus is not in one. */
export function focusHeadingFromOutside(): void {
  if (!document.activeElement?.closest('main')) focusHeading()
}
export function focusListIfFree(): void {
  if (isFocusFree()) focusList()
}
/** Draws what `act` changes, then gives the focus by `focus`. Not for effects: they run after drawing as it is. */
export function focusAfter(act: () => void, focus: () => void): void {
  flushSync(act)
  focus()
}

const STOPS =
  'main :is(a[href], button, input, select, textarea, [tabindex="0"]):not([tabindex="-1"], :disabled)'
const stops = (): readonly HTMLElement[] => [...document.querySelectorAll<HTMLElement>(STOPS)]

/** Called while something that has the focus is about to go: the focus goes on to what then stands in its place. */
export function focusOnFrom(node: HTMLElement): void {
  const before = stops()
  const at = before.indexOf(node)
  // Another heading, and it is another view that stands there.
  const heading = document.querySelector('main h1')
  if (at < 0) return
  // After the change is drawn, and before the next key.
  queueMicrotask(() => {
    if (!isFocusFree()) return
    if (!heading?.isConnected) return focusHeading()
    const kept = before.slice(0, at).findLast((one) => one.isConnected)
    const now = stops()
    now[kept ? now.indexOf(kept) + 1 : 0]?.focus({ preventScroll: true })
    focusHeadingIfFree()
  })
}
