/**
 * What differs between two pictures of the same shape, as data: a window that has one makes the other of it. Rows of lists
 * are told apart by what names them, so that one changed row costs one row.
 */

/** What an array is made of: rows of the old one (`[from, count]`), a row of it that changed, or a new row. */
type Piece =
  | readonly [from: number, count: number]
  | { readonly at: number; readonly patch: Patch }
  | { readonly row: unknown }

export type Patch =
  | { readonly set: unknown }
  /** Changed fields, and those that are gone. */
  | { readonly fields: Readonly<Record<string, Patch>>; readonly gone?: readonly string[] }
  | { readonly list: readonly Piece[] }

/** An array has an `at`, too: it is asked for first. */
const isRun = (piece: Piece): piece is readonly [number, number] => Array.isArray(piece)

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What names a row, where it has a name. */
function nameOf(row: unknown): string | null {
  if (!isFields(row)) return null
  const id = row['id'] ?? row['path'] ?? row['session']
  if (typeof id === 'string') return id
  return typeof row['component'] === 'string' ? JSON.stringify([row['project'], row['component']]) : null
}

/** Undefined where both say the same. */
export function diff(before: unknown, after: unknown): Patch | undefined {
  if (before === after) return undefined
  if (Array.isArray(before) && Array.isArray(after)) return diffList(before, after)
  if (isFields(before) && isFields(after)) return diffFields(before, after)
  return JSON.stringify(before) === JSON.stringify(after) ? undefined : { set: after }
}

function diffFields(before: Fields, after: Fields): Patch | undefined {
  const fields: Record<string, Patch> = {}
  for (const [key, value] of Object.entries(after)) {
    const patch = Object.hasOwn(before, key) ? diff(before[key], value) : { set: value }
    if (patch) fields[key] = patch
  }
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key))
  if (Object.keys(fields).length === 0 && gone.length === 0) return undefined
  return gone.length > 0 ? { fields, gone } : { fields }
}

function diffList(before: readonly unknown[], after: readonly unknown[]): Patch | undefined {
  const isSame = (): boolean => after.every((row, at) => diff(before[at], row) === undefined)
  if (before.length === after.length && isSame()) return undefined
  const placeOf = new Map<string, number>()
  before.forEach((row, at) => placeOf.set(nameOf(row) ?? JSON.stringify(row), at))
  const pieces: Piece[] = []
  for (const row of after) {
    const at = placeOf.get(nameOf(row) ?? JSON.stringify(row))
    const patch = at === undefined ? undefined : diff(before[at], row)
    const last = pieces.at(-1)
    if (at === undefined) pieces.push({ row })
    else if (patch) pieces.push({ at, patch })
    else if (Array.isArray(last) && last[0] + last[1] === at)
      pieces[pieces.length - 1] = [last[0], last[1] + 1]
    else pieces.push([at, 1])
  }
  return { list: pieces }
}

/** The other picture. The patch must be of this very `before`. */
export function apply(before: unknown, patch: Patch): unknown {
  if ('set' in patch) return patch.set
  if ('list' in patch) {
    const rows = before as readonly unknown[]
    return patch.list.flatMap((piece) => {
      if (isRun(piece)) return rows.slice(piece[0], piece[0] + piece[1])
      return 'row' in piece ? [piece.row] : [apply(rows[piece.at], piece.patch)]
    })
  }
  const gone = new Set(patch.gone)
  const was = Object.entries(before as Fields).filter(([key]) => !gone.has(key))
  const changed = Object.entries(patch.fields).map(
    ([key, inner]) => [key, apply((before as Fields)[key], inner)] as const,
  )
  return Object.fromEntries([...was, ...changed])
}
