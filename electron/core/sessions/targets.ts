/** What a tool call is about to touch, before anybody asks whose it is. */

/**
 * What is asked for and not claimed: locks of others stand in the way, and nobody is kept out for hours by one command that
 * reaches many files. Either all of it, or what turns out to be a folder or a pattern.
 */
export type Asks = 'always' | 'of-folders'

/** A file or folder to be written, moved or removed. The path is absolute, or holds a pattern that a shell will expand. */
export interface PathTarget {
  readonly kind: 'path'
  readonly path: string
  /** The same with its `..` still in it, where they may lead through a link; absent where there are none. */
  readonly unresolved?: string
  /** The call reaches everything beneath (`rm -r`). */
  readonly isTree: boolean
  /** The name itself is removed, moved or made: of a link the link, not what it leads to. */
  readonly isName?: boolean
  /** `*` or `?` stand in it. */
  readonly isPattern: boolean
  /** Where it is a folder, the file of this name in it is meant (`cp a.ts lib`); null: of a name that is not known. */
  readonly orInside?: string | null
  readonly asks?: Asks
  /** The whole work tree that the path lies in is meant. */
  readonly isFromTop?: boolean
}
/** A git command that moves a branch or what is checked out of it. */
export interface GitTarget {
  readonly kind: 'git'
  /** The folder that git works in, absolute. */
  readonly folder: string
  /** The branch that the command names; null where it is the one checked out. */
  readonly branch: string | null
}
/** Any other command; the project's configuration may name it a resource. */
export interface CommandTarget {
  readonly kind: 'command'
  /** Its words, joined by one space. */
  readonly text: string
  readonly folder: string
}
export type Target = PathTarget | GitTarget | CommandTarget

/** Why a part of a call could not be judged. It is allowed, and said. */
export type UnreadCause =
  | 'syntax'
  | 'too-deep'
  | 'unknown-folder'
  | 'expansion'
  | 'names-from-input'
  | 'names-found'
  | 'patch-from-file'
  | 'patch-from-input'
  | 'own-files'
  | 'program'

/** What was read out of one tool call. */
export interface Reading {
  readonly targets: readonly Target[]
  readonly unread: readonly { readonly cause: UnreadCause; readonly text: string }[]
}
