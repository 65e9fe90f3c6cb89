/** Where the focus goes when the thing that had it is gone. */

/** To the view's heading. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
}

/** The list was wished for while its view was on its way. */
let isListWished = false

/** To the list's row that has the tab stop; the heading where there is no list, until the list is drawn with its view. */
export function focusList(): void {
  const row = document.querySelector<HTMLElement>('main [role=grid] [role=row][tabindex="0"]')
  isListWished = !row && document.querySelector('main [data-coming]') !== null
  if (row) row.focus({ preventScroll: true })
  else focusHeading()
}

/** For a list that was just drawn: takes the focus that was wished for it, unless the person went on meanwhile. */
export function focusWishedList(): void {
  if (!isListWished) return
  if (isFocusFree() || document.activeElement?.matches('main h1')) focusList()
  else isListWished = false
}

/** Another place is gone to: what was wished of the one before counts no more. */
export const forgetListWish = (): void => void (isListWished = false)

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

/** A row that a list unfolds or fetches is drawn some frames later. */
const MOST_FRAMES = 20
export function focusRowSoon(key: string | null, frames = MOST_FRAMES): void {
  if (rowOf(key) || frames === 0) focusRow(key)
  else requestAnimationFrame(() => focusRowSoon(key, frames - 1))
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
/** To the list, after what is about to be drawn. */
export const focusListSoon = (): void => void setTimeout(focusList)

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
  setTimeout(() => {
    if (!isFocusFree()) return
    if (!heading?.isConnected) return focusHeading()
    const kept = before.slice(0, at).findLast((one) => one.isConnected)
    const now = stops()
    now[kept ? now.indexOf(kept) + 1 : 0]?.focus({ preventScroll: true })
    focusHeadingIfFree()
  })
}
