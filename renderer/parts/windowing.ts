/** Which rows of a long list are drawn. Each row has a height that is known, so every place is a sum. Pure. */

/** Where each row begins, in px; one more at the end: where the last one ends. */
export type Places = readonly number[]

export function placesOf<T>(rows: readonly T[], heightOf: (row: T) => number): Places {
  const places = [0]
  let end = 0
  for (const row of rows) places.push((end += heightOf(row)))
  return places
}

/** The row that is at `px`; the first or the last one beyond them. -1 where there is none. */
export function rowAt(places: Places, px: number): number {
  let low = 0
  let high = places.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((places[middle] ?? 0) <= px) low = middle
    else high = middle - 1
  }
  return Math.min(low, places.length - 2)
}

/** What is seen of the list: where it is scrolled to, and how much of it, in px. */
export interface Seen {
  readonly topPx: number
  readonly heightPx: number
}

/** So many rows are drawn above and below what is seen. */
const BEYOND = 8

/** The rows to draw, in order; `kept` is one of them wherever it is (-1: none). */
export function drawnOf(places: Places, { topPx, heightPx }: Seen, kept: number): readonly number[] {
  const last = places.length - 2
  if (last < 0) return []
  const from = Math.max(0, rowAt(places, topPx) - BEYOND)
  const to = Math.min(last, rowAt(places, topPx + heightPx) + BEYOND)
  const drawn = Array.from({ length: to - from + 1 }, (_, at) => from + at)
  if (kept < 0 || kept > last || (kept >= from && kept <= to)) return drawn
  return kept < from ? [kept, ...drawn] : [...drawn, kept]
}

/** Where to scroll to, so that a row is wholly seen: as little as does it; null: it is. */
export function scrollTo(places: Places, at: number, { topPx, heightPx }: Seen): number | null {
  const start = places[at]
  const end = places[at + 1]
  if (start === undefined || end === undefined) return null
  if (start < topPx) return start
  return end > topPx + heightPx ? end - heightPx : null
}
