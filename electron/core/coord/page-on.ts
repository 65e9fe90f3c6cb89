/**
 * From the first page of a list to its end. No server's good will ends this: pages that lead on to little new, some in a
 * row, end it, for the way on is then ignored, or the list grows faster than it is read.
 */

/** A query's fields; undefined ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>

export interface Page {
  readonly kind: 'page'
  /** Which page of this reading it is. */
  readonly number: number
  /** Rows as the server counts them, unreadable ones too. */
  readonly count: number
  /** Those that were new, unreadable ones too. */
  readonly added: number
  /** The first page that showed one of its rows before; Infinity: all are new. */
  readonly knownSince: number
  /** Its last row was known before: it leads to nothing further. */
  readonly isEndKnown: boolean
  readonly firstKey: string | null
  readonly link: string | undefined
  readonly total: number | null
  readonly isCut: boolean
}
export type NoPage =
  /** The API has no such list, or refuses this way of asking. */
  | { readonly kind: 'none'; readonly status: number }
  /** No answer now; the connection knows. */
  | { readonly kind: 'paused'; readonly detail: string }
/** Asks for a page of the list, by the text behind `?` or by what its own query is to have besides. */
export type AskPage = (query: string | Query) => Promise<Page | NoPage>

/** Against a server that shows a whole page of new rows each time, for ever. */
const MAX_PAGES = 10_000
/** So many in a row: a burst of new rows makes one or two of an honest list's pages look so. */
const MAX_LEAN_PAGES = 4

/**
 * Mostly known rows, or known ones at its end. The way on was ignored where the page is the first one again, moved by rows
 * that came meanwhile; an honest page moves so only where half a page of rows or more came since the one before.
 */
const isLean = ({ added, count, isEndKnown }: Page): boolean => added === 0 || added * 2 < count || isEndKnown

/** Follows the server's own keys. */
export async function followLinks(
  ask: AskPage,
  path: string,
  first: string,
): Promise<'whole' | 'capped' | NoPage> {
  const asked = new Set<string>()
  let lean = 0
  for (let next: string | undefined = first; next !== undefined && !asked.has(next);) {
    if (asked.size >= MAX_PAGES || lean >= MAX_LEAN_PAGES) return 'capped'
    asked.add(next)
    const page = await ask(next)
    if (page.kind !== 'page') return page
    lean = isLean(page) ? lean + 1 : 0
    next = nextQuery(page.link, path)
  }
  return 'whole'
}

/**
 * Reads on by offsets, each page one row over the one before: rows that went meanwhile would hide others, so from a page
 * that shows no row known before it, one goes back until one does. Rows that came at the front only show known ones again.
 * A page that is wholly known is no end by itself: many may have come at once, and the next one shows what follows.
 */
export async function readByOffset(ask: AskPage, first: Page): Promise<'whole' | 'capped' | NoPage> {
  const size = first.count
  let offset = Math.max(0, size - 1)
  let furthest = -1
  let lean = 0
  /** The page behind which rows are missing; Infinity: none. */
  let gap = Number.POSITIVE_INFINITY
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await ask({ limit: String(size), offset: String(offset) })
    if (page.kind === 'none') return 'capped'
    if (page.kind === 'paused') return page
    const isFirstAgain =
      size > 1 && page.added === 0 && page.count >= size && page.firstKey === first.firstKey
    if (isFirstAgain) return 'capped'
    // what went may have gone while one went back, too: rows found beyond the gap do not close it
    const isJoined = page.knownSince < gap || offset === 0
    if (isJoined && (page.count < size || page.count <= 1)) return 'whole'
    if (offset > furthest) {
      lean = isLean(page) ? lean + 1 : 0
      if (lean >= MAX_LEAN_PAGES) return 'capped'
      // an empty page is no place that was reached: a server that shows one now and then would else be asked for ever
      if (page.count > 0) furthest = offset
    }
    gap = isJoined ? Number.POSITIVE_INFINITY : Math.min(gap, page.number)
    offset = isJoined ? offset + page.count - 1 : Math.max(0, offset - size)
  }
  return 'capped'
}

/** What follows `?` in the link to the next page, where it leads to the same list. The origin is always our own. */
export function nextQuery(header: string | undefined, path: string): string | undefined {
  for (const [, target = '', params = ''] of (header ?? '').matchAll(/<([^>]*)>((?:\s*;[^,;]*)*)/g)) {
    if (!/;\s*rel\s*=\s*"?(?:[^"]*\s)?next(?:\s[^"]*)?"?\s*(?:;|$)/i.test(params)) continue
    const [where = '', query] = target.split('#', 1)[0]?.split('?', 2) ?? []
    if (query !== undefined && (where === '' || where.endsWith(path))) return query
  }
  return undefined
}
