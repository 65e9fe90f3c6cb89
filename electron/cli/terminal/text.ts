/**
 * Text for a terminal. What comes from elsewhere is escaped where it is put in, so that it can neither drive the terminal
 * nor look like a row of its own; what is made here may have colours.
 */
import { styleText } from 'node:util'
import { showInvisible } from '../../../shared/text.ts'

/** Text that a terminal may get as it is: made by the functions of this folder alone. */
export class Shown {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
export type Piece = Shown | string | number

/** One line, whatever the text holds: line ends and tabs are shown as signs, like every other control character. */
export const oneLine = (text: string): string =>
  showInvisible(text).replace(/[\t\n]/g, (c) => (c === '\n' ? '␊' : '␉'))

const toText = (piece: Piece): string => (piece instanceof Shown ? piece.text : oneLine(String(piece)))

/** The template's own words as they are, each value as one line. */
export const line = (words: readonly string[], ...values: readonly Piece[]): Shown =>
  new Shown(words.map((word, i) => word + (i < values.length ? toText(values[i] ?? '') : '')).join(''))

/** Pieces, each one line, below each other. */
export const lines = (pieces: readonly (Piece | null)[]): Shown =>
  new Shown(
    pieces
      .filter((piece) => piece !== null)
      .map(toText)
      .join('\n'),
  )

/** A text of several lines, each behind a bar, so that none looks like one of ours. */
export const quoted = (text: string, indent = '  '): Shown =>
  new Shown(
    text
      .split(/\r?\n/)
      .map((one) => `${indent}${toText(dim('│'))} ${oneLine(one)}`.trimEnd())
      .join('\n'),
  )

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan'
let isColoured = false
/** Set once, before a command runs. */
export const useColour = (on: boolean): void => {
  isColoured = on
}

interface ColourWish {
  /** Neither `--no-color` nor `--json` was given. */
  readonly isWanted: boolean
  readonly isTTY: boolean
  readonly env: NodeJS.ProcessEnv
}

/** A terminal has colours; `NO_COLOR` takes them from it, `FORCE_COLOR` gives them to a pipe. */
export function wantsColour({ isWanted, isTTY, env }: ColourWish): boolean {
  if (!isWanted || env['NO_COLOR']) return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  return isTTY && env['TERM'] !== 'dumb'
}

/** A piece in a style, where there are colours. */
export const styled = (style: Style | undefined, piece: Piece): Shown => {
  const text = toText(piece)
  return new Shown(
    isColoured && style && text !== '' ? styleText(style, text, { validateStream: false }) : text,
  )
}
export const bold = (piece: Piece): Shown => styled('bold', piece)
export const dim = (piece: Piece): Shown => styled('dim', piece)
export const red = (piece: Piece): Shown => styled('red', piece)
export const yellow = (piece: Piece): Shown => styled('yellow', piece)
export const green = (piece: Piece): Shown => styled('green', piece)
export type { Style }
