/** JSON as text: objects glued on one line. */
import { endOfValue } from '../../../../shared/json-slice.ts'
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
