/** Rows in columns with headings, cut to the terminal; in a pipe nothing is cut. */
import cliTruncate from 'cli-truncate'
import stringWidth from 'string-width'
import { oneLine, Shown, styled, type Style } from './text.ts'

export interface Column<Row> {
  readonly heading: string
  /** Null and '' are shown as `-`. */
  readonly cell: (row: Row) => string | number | null | undefined
  readonly style?: (row: Row) => Style | undefined
  readonly align?: 'right'
  /** Gives way where the terminal is narrow, and where its text loses what it loses. */
  readonly cut?: 'end' | 'middle'
  /** Gives way before the others do. */
  readonly isLesser?: boolean
}

const GAP = 2
/** A column gives way until it is this wide. */
const LEAST = 8
/** The most that is looked at of a text: nobody's subject may cost a second of measuring. */
const LOOKED_AT = 1_000
const NARROWEST_TERMINAL = 40

/** Columns of the terminal; without end where stdout is none. */
export const terminalWidth = (): number =>
  process.stdout.isTTY ? Math.max(NARROWEST_TERMINAL, process.stdout.columns || 80) : Infinity

function toCell(value: string | number | null | undefined, isCut: boolean): string {
  const text = String(value ?? '')
  const looked = isCut && text.length > LOOKED_AT ? `${text.slice(0, LOOKED_AT)}…` : text
  return oneLine(looked).trim() || '-'
}

/** Takes from the widest that may give way, until all fit or none may give more. */
function narrowed(widths: readonly number[], mayCut: readonly boolean[], most: number): readonly number[] {
  const now = [...widths]
  const over = (): number => now.reduce((n, w) => n + w, 0) + GAP * (now.length - 1) - most
  for (let left = over(); left > 0; left = over()) {
    let widest = -1
    let second = LEAST
    now.forEach((width, i) => {
      if (mayCut[i] !== true || width <= LEAST) return
      if (widest < 0 || width > (now[widest] ?? 0)) {
        if (widest >= 0) second = Math.max(second, now[widest] ?? 0)
        widest = i
      } else second = Math.max(second, width)
    })
    if (widest < 0) return now
    const width = now[widest] ?? 0
    now[widest] = Math.max(LEAST, Math.min(second, width - 1), width - left)
  }
  return now
}

/** `indent`: blanks before each row. `width`: of the terminal, in cells. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { indent = 0, width = terminalWidth() }: { readonly indent?: number; readonly width?: number } = {},
): Shown {
  const isCut = Number.isFinite(width)
  const cells = rows.map((row) => columns.map((column) => toCell(column.cell(row), isCut)))
  const natural = columns.map(({ heading }, i) =>
    Math.max(stringWidth(heading), ...cells.map((row) => stringWidth(row[i] ?? ''))),
  )
  const most = width - indent
  const lesser = narrowed(
    natural,
    columns.map(({ cut, isLesser }) => cut !== undefined && isLesser === true),
    most,
  )
  const widths = narrowed(
    lesser,
    columns.map(({ cut }) => cut !== undefined),
    most,
  )
  const fit = (text: string, i: number): string => {
    const wide = widths[i] ?? 0
    const column = columns[i]
    const shown = cliTruncate(text, wide, { position: column?.cut ?? 'end' })
    const blanks = ' '.repeat(Math.max(0, wide - stringWidth(shown)))
    if (column?.align === 'right') return blanks + shown
    return i === columns.length - 1 ? shown : shown + blanks
  }
  const row = (texts: readonly string[], styleOf: (i: number) => Style | undefined): string =>
    ' '.repeat(indent) +
    texts
      .map((text, i) => {
        const fitted = fit(text, i)
        const bare = fitted.trim()
        // the blanks have no style: a line that is underlined or turned around would show them
        return fitted.replace(bare, () => styled(styleOf(i), new Shown(bare)).text)
      })
      .join(' '.repeat(GAP))
      .trimEnd()
  return new Shown(
    [
      row(
        columns.map(({ heading }) => heading),
        () => 'bold',
      ),
      ...cells.map((texts, n) =>
        row(texts, (i) => {
          const one = rows[n]
          return one === undefined ? undefined : columns[i]?.style?.(one)
        }),
      ),
    ].join('\n'),
  )
}
