/**
 * How many calls a line holds, told from its bytes wherever they alone tell it: a backlog is counted when it is claimed and
 * parsed when its turn comes, so that a line is parsed once. A line of one balanced object holds one entry, whether it is valid
 * or not, unless an object inside it could be a call of its own (one that is torn open around a whole one).
 */
import { parseLine } from './parse-line.ts'
import type { RawLine } from './split-lines.ts'
import { MAX_LINE_BYTES } from './split-lines.ts'

export interface LineCount {
  readonly calls: number
  /** It may release a resource lock: false only where it surely does not. */
  readonly mayRelease: boolean
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d]
const bytesOf = (text: string): readonly number[] => Array.from(text, (c) => c.charCodeAt(0))
const METHOD = bytesOf('method')
const DELETE = bytesOf('delete')
/**
 * What may stand outside of texts: blanks, commas, colons, numbers, `true`, `false`, `null`. Anything else is torn: where its
 * tear has turned inside and outside around, the name `method` of a whole call stands outside, and its `m` is none of these.
 */
const PLAIN = new Uint8Array(256)
for (const byte of bytesOf(' \t\r\n,:0123456789+-.Etruefalsn')) PLAIN[byte] = 1
/** No method is longer, with the blanks that are taken off it. */
const LONGEST_METHOD = 32

export function countCalls(line: RawLine): LineCount {
  if (line.length > MAX_LINE_BYTES) return { calls: 1, mayRelease: false }
  const seen = line.encoding === 'utf-8' ? scan(line.bytes) : undefined
  if (seen === undefined) return { calls: parseLine(line).length, mayRelease: true }
  return { calls: 1, mayRelease: seen === 'may-release' }
}

/** Undefined where the bytes alone do not tell that it is one. */
function scan(bytes: Uint8Array): 'may-release' | 'one' | undefined {
  if (bytes[0] !== OPEN) return undefined
  let depth = 0
  let mayRelease = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      const end = endOfString(bytes, at + 1)
      // an escape may spell anything; a text without an end is torn
      if (end < 0) return undefined
      const length = end - at - 1
      if (depth > 1 && length === METHOD.length && isAt(bytes, at + 1, METHOD)) return undefined
      if (depth === 1 && length <= LONGEST_METHOD) mayRelease ||= hasDelete(bytes, at + 1, end)
      at = end
    } else if (byte === OPEN || byte === OPEN_LIST) depth++
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      depth--
      if (depth === 0) return at === bytes.length - 1 ? (mayRelease ? 'may-release' : 'one') : undefined
      if (depth < 0) return undefined
    } else if (byte === undefined || PLAIN[byte] !== 1) return undefined
  }
  return undefined
}

/** The index of the closing quote; -1 where there is none, or an escape that may stand for any character. */
function endOfString(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) return at
    if (byte !== BACKSLASH) continue
    at++
    if (bytes[at] === 0x75) return -1
  }
  return -1
}

const isAt = (bytes: Uint8Array, at: number, word: readonly number[]): boolean =>
  word.every((letter, i) => ((bytes[at + i] ?? 0) | 0x20) === letter)

function hasDelete(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at + DELETE.length <= to; at++) if (isAt(bytes, at, DELETE)) return true
  return false
}
