/** JSON as text: where values start and end, objects glued on one line, the exact text of one key's value. */
import { readJson } from '../../../../shared/json.ts'

/** The object of a JSON text; undefined where it is none, or another kind of value. */
export function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = readJson(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

/**
 * Splits `{…}{…}` into its objects, aware of strings; what does not belong to a whole object is a piece of its own.
 * Undefined where there is no whole object at all.
 */
export function splitGlued(text: string): readonly string[] | undefined {
  const pieces: string[] = []
  let hasObject = false
  let at = 0
  // bounded: a MiB of `{"` must not cost a quadratic scan
  let tries = 0
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      at++
      continue
    }
    const end = text.charAt(at) === '{' ? endOfValue(text, at) : -1
    if (end > 0) {
      const piece = text.slice(at, end)
      if (readJson(piece) !== undefined) {
        hasObject = true
        pieces.push(piece)
        at = end
        continue
      }
    }
    // no object starts here: take everything up to the next place where a whole one does
    let next = text.indexOf('{"', at + 1)
    while (next > 0 && tries++ < 64) {
      // behind a colon it is the value of a torn call's own key (its body, say), no call of its own
      const isValue = text
        .slice(Math.max(0, next - 16), next)
        .trimEnd()
        .endsWith(':')
      const stop = isValue ? -1 : endOfValue(text, next)
      if (stop > 0 && looksLikeCall(text.slice(next, stop))) break
      next = text.indexOf('{"', next + 1)
    }
    pieces.push(text.slice(at, next > 0 ? next : text.length).trim())
    at = next > 0 ? next : text.length
    if (tries >= 64 && at < text.length) {
      pieces.push(text.slice(at))
      break
    }
  }
  return hasObject ? pieces.filter((p) => p !== '') : undefined
}

function looksLikeCall(text: string): boolean {
  const parsed = objectOf(text)
  return parsed !== undefined && Object.hasOwn(parsed, 'method') && Object.hasOwn(parsed, 'path')
}

/** Index behind the JSON value that starts at `from`, or -1. Strings, nesting; iterative, so depth costs nothing. */
function endOfValue(text: string, from: number): number {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) {
      i = endOfString(text, i)
      if (i < 0) return -1
      i--
      if (depth === 0) return i + 1
    } else if (c === 0x7b || c === 0x5b) depth++
    else if (c === 0x7d || c === 0x5d) {
      depth--
      if (depth === 0) return i + 1
      if (depth < 0) return i
    } else if (depth === 0 && (c === 0x2c || c <= 0x20)) return i
  }
  return depth === 0 ? text.length : -1
}

/** Index behind the closing quote of the string that opens at `from`, or -1. */
function endOfString(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x5c) i++
    else if (c === 0x22) return i + 1
  }
  return -1
}

/** The exact text of a top-level key's value in a whole JSON object; the last one where the key repeats, as JSON.parse has it. */
export function sliceOfKey(text: string, key: string): string | undefined {
  let found: string | undefined
  let at = text.indexOf('{') + 1
  for (;;) {
    const open = text.indexOf('"', at)
    if (open < 0) return found
    const close = endOfString(text, open)
    if (close < 0) return found
    const written = text.slice(open + 1, close - 1)
    let value = text.indexOf(':', close) + 1
    while (text.charCodeAt(value) <= 0x20) value++
    const end = endOfValue(text, value)
    if (end < 0) return found
    if (written === key || (written.includes('\\') && JSON.parse(`"${written}"`) === key))
      found = text.slice(value, end).trimEnd()
    at = end
  }
}
