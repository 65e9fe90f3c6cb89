/** What is said of a command beside its flags and arguments. */
import type { Command, Option } from 'commander'

/** What may stand at a place of the command line; completion offers it. */
export type Source =
  | 'locks'
  | 'messages'
  | 'calls'
  | 'workflows'
  | 'items'
  | 'projects'
  | 'sessions'
  | 'files'
  | 'folders'
  | 'topics'
  | readonly string[]

export interface Example {
  readonly line: string
  readonly says: string
}
/** Beside flags and arguments. */
export interface Facts {
  /** Paragraphs under the description. */
  readonly more?: readonly string[]
  readonly examples?: readonly Example[]
  /** Exit codes whose meaning is this command's own, beside 0, 1 and 2. */
  readonly exits?: Readonly<Record<number, string>>
  readonly environment?: readonly string[]
  readonly topics?: readonly string[]
  /** By argument name or long flag. */
  readonly completes?: Readonly<Record<string, Source>>
}

/** A command that says all this of itself. */
export interface Described {
  readonly facts: Facts
  /** The words that lead to it: `coord queue list`. */
  readonly path: string
  readonly children: readonly (Command & Described)[]
  readonly isHidden: boolean
  readonly hasAction: boolean
  isNeeded(option: Option): boolean
}
export const isDescribed = (command: Command): command is Command & Described => 'facts' in command
