/** JSON as text: where a value ends, and the exact text of one key's value, as whoever wrote it wrote it. */

/** Index behind the JSON value that starts at `from`, or -1. Strings, nesting; iterative, so depth costs nothing. */
export function endOfValue(text: string, from: number): number {
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
