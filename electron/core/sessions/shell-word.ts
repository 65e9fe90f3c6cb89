/** A word of a shell command, as far as it can be known without running anything. */
import type { Word, WordPart } from 'unbash'
import { isAbsolutePath, resolvePath, type PathStyle } from './paths.ts'

export interface ShellWord {
  /** What the command will be given; for a word that is not known, the word as written. */
  readonly text: string
  /** Variables, substitutions or braces stand in it: what it becomes is not known. */
  readonly isKnown: boolean
  /** The shell expands it to file names. */
  readonly isPattern: boolean
  /** The pattern in `*` and `?` alone, where it holds more (`[ab]`, `!(x)`): with no match the shell leaves the word. */
  readonly simplePattern?: string
}

/** A word without anything in it that a shell would change. */
export const plainWord = (text: string): ShellWord => ({ text, isKnown: true, isPattern: false })

const LITERAL: ReadonlySet<WordPart['type']> = new Set(['Literal', 'SingleQuoted', 'AnsiCQuoted'])
const GLOB: ReadonlySet<WordPart['type']> = new Set(['Glob', 'ExtendedGlob'])

function isKnownPart(part: WordPart): boolean {
  if (LITERAL.has(part.type) || GLOB.has(part.type)) return true
  return (part.type === 'DoubleQuoted' || part.type === 'LocaleString') && part.parts.every(isKnownPart)
}

const isRich = (part: WordPart): boolean =>
  part.type === 'ExtendedGlob' || (part.type === 'Glob' && part.kind === 'bracket')

/** The pattern in the two signs that every lock may have. */
function simplePart(part: WordPart): string {
  if (part.type === 'ExtendedGlob') return '*'
  if (part.type === 'Glob') return part.kind === 'bracket' ? '?' : part.value
  if (part.type === 'DoubleQuoted' || part.type === 'LocaleString') return part.parts.map(simplePart).join('')
  return 'value' in part ? part.value : part.text
}

/** More words than these are not made of one: it is not known then. */
const MOST_WORDS = 200

/** What a brace of plain text stands for; undefined where it holds more than that. */
function alternatives(text: string): readonly string[] | undefined {
  if (/^\{[^{}\\"'`$]*,[^{}\\"'`$]*\}$/.test(text)) return text.slice(1, -1).split(',')
  const [, from, to] = /^\{(-?\d{1,6})\.\.(-?\d{1,6})\}$/.exec(text) ?? []
  if (from === undefined || to === undefined || /^-?0\d/.test(from) || /^-?0\d/.test(to)) return undefined
  const [a, b] = [Number(from), Number(to)]
  if (Math.abs(b - a) >= MOST_WORDS) return undefined
  return Array.from({ length: Math.abs(b - a) + 1 }, (_, i) => String(a + (a < b ? i : -i)))
}

/** The words that a shell makes of one with braces in it (`x{,.bak}`, `f{1..3}`). */
export function withoutBraces(word: Word, most = MOST_WORDS): readonly Word[] {
  const parts = word.parts ?? []
  const brace = parts.find((part) => part.type === 'BraceExpansion' && part.parts === undefined)
  const texts = brace && alternatives(brace.text)
  // the same text in quotes before it would be taken for it
  if (!brace || !texts || texts.length > most || word.value.split(brace.text).length !== 2) return [word]
  return texts.flatMap((text) => {
    const literal = { type: 'Literal' as const, pos: brace.pos, end: brace.end, value: text, text }
    const one = {
      ...word,
      text: word.text.replace(brace.text, () => text),
      value: word.value.replace(brace.text, () => text),
      parts: parts.map((part) => (part === brace ? literal : part)),
    }
    return one.value === '' ? [] : withoutBraces(one, most / texts.length)
  })
}

/** `home` is put in for a leading `~/`; null where it is not known. */
export function readWord(word: Word, home: string | null): ShellWord {
  const parts = word.parts ?? []
  const isPattern = parts.some((part) => GLOB.has(part.type))
  // `>(…)` and `<(…)` are a descriptor to the command
  if (parts.length === 1 && parts[0]?.type === 'ProcessSubstitution') return plainWord('/dev/fd/63')
  const isKnown = parts.every(isKnownPart)
  if (!isKnown) return { text: word.text, isKnown: false, isPattern }
  const isHome = /^~(?=\/|$)/.test(word.text)
  const opened = (text: string): string => (isHome && home !== null ? home + text.slice(1) : text)
  const simple = parts.some(isRich) ? { simplePattern: opened(parts.map(simplePart).join('')) } : {}
  if (isHome && home !== null) return { text: opened(word.value), isKnown: true, isPattern, ...simple }
  return { text: word.value, isKnown: !/^~/.test(word.text), isPattern, ...simple }
}

/** A word whose `~` PowerShell opens, in quotes too; not known where the folder of the person is not. */
export function atHome(word: ShellWord, home: string | null): ShellWord {
  if (!word.isKnown || !/^~(?=[\\/]|$)/.test(word.text)) return word
  return home === null ? { ...word, isKnown: false } : { ...word, text: home + word.text.slice(1) }
}

/** The folder that a word leads to from another; null where that is not known. */
export function folderBehind(word: ShellWord, from: string | null, style: PathStyle): string | null {
  const isUsable = word.isKnown && !word.isPattern && word.text !== '-'
  if (!isUsable || (from === null && !isAbsolutePath(word.text, style))) return null
  return resolvePath(from ?? '/', word.text, style)
}
