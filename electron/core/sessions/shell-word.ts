/** A word of a shell command, as far as it can be known without running anything. */
import type { Word, WordPart } from 'unbash'

export interface ShellWord {
  /** What the command will be given; for a word that is not known, the word as written. */
  readonly text: string
  /** Variables, substitutions or braces stand in it: what it becomes is not known. */
  readonly isKnown: boolean
  /** The shell expands it to file names. */
  readonly isPattern: boolean
}

const LITERAL: ReadonlySet<WordPart['type']> = new Set(['Literal', 'SingleQuoted', 'AnsiCQuoted'])
const GLOB: ReadonlySet<WordPart['type']> = new Set(['Glob', 'ExtendedGlob'])

function isKnownPart(part: WordPart): boolean {
  if (LITERAL.has(part.type) || GLOB.has(part.type)) return true
  return (part.type === 'DoubleQuoted' || part.type === 'LocaleString') && part.parts.every(isKnownPart)
}

/** `home` is put in for a leading `~/`; null where it is not known. */
export function readWord(word: Word, home: string | null): ShellWord {
  const parts = word.parts ?? []
  const isPattern = parts.some((part) => GLOB.has(part.type))
  const isKnown = parts.every(isKnownPart)
  if (!isKnown) return { text: word.text, isKnown: false, isPattern }
  const isHome = /^~(?=\/|$)/.test(word.text)
  if (isHome && home !== null) return { text: home + word.value.slice(1), isKnown: true, isPattern }
  return { text: word.value, isKnown: !/^~/.test(word.text), isPattern }
}
