/** What views are given to act with: one way to run a command, one way to ask first. */
import type { CommandName, InputOf, OutputOf } from '../../shared/protocol.ts'

/** Runs a command; tells the person how it went. Undefined where it failed (which was then said). */
export type Run = <K extends CommandName>(
  name: K,
  input: InputOf<K>,
  done?: string | ((value: OutputOf<K>) => string),
) => Promise<OutputOf<K> | undefined>

export interface Question {
  readonly title: string
  readonly text: string
  /** Names what is concerned, one a line. */
  readonly names?: readonly string[]
  /** The label of the act; Cancel is always the default. */
  readonly act: string
  readonly isDanger?: boolean
}
/** Asks before an act that cannot be undone. */
export type Ask = (question: Question) => Promise<boolean>

export interface Acts {
  readonly run: Run
  readonly ask: Ask
  readonly tell: (kind: 'done' | 'error', text: string) => void
}
