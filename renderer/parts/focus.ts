/** Where the focus goes when the thing that had it is gone. */

/** To the view's heading. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
}

/** To the list's row that has the tab stop; the heading where there is no list. */
export function focusList(): void {
  const row = document.querySelector<HTMLElement>('main [role=grid] [role=row][tabindex="0"]')
  if (row) row.focus({ preventScroll: true })
  else focusHeading()
}

/** To the row of that key; to the list where it has none. */
export function focusRow(key: string | null): void {
  const row =
    key === null
      ? null
      : document.querySelector<HTMLElement>(`main [role=grid] [role=row][data-key="${CSS.escape(key)}"]`)
  if (row) row.focus({ preventScroll: true })
  else focusList()
}

/** Nothing has it: what had it is gone. */
export const isFocusFree = (): boolean =>
  document.activeElement === null || document.activeElement === document.body

export function focusHeadingIfFree(): void {
  if (isFocusFree()) focusHeading()
}
export function focusListIfFree(): void {
  if (isFocusFree()) focusList()
}
/** To the list, after what is about to be drawn. */
export const focusListSoon = (): void => void setTimeout(focusList)
