/**
 * What a queued path may be (DESIGN 5, "What a call means"): below `/api/coord/` of our own origin, and nothing that a
 * server or a proxy in between could read as something else. Returns the path to send (ASCII), or why it is refused.
 */
import { err, ok, type Result } from '../../../../shared/result.ts'
import { encodeUtf8 } from './text.ts'

export const API_PREFIX = '/api/coord/'

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/

/** Decodes %XX until nothing changes, as the most lenient server would; undefined where an escape is malformed. */
function decodeFully(text: string): string | undefined {
  let now = text
  for (let round = 0; round < 8; round++) {
    if (!/%/.test(now)) return now
    let next: string
    try {
      next = decodeURIComponent(now)
    } catch {
      // a first round that fails is a malformed path; later on a plain "%" of somebody's name must not hide other escapes
      if (round === 0) return undefined
      next = now.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    }
    if (next === now) return now
    now = next
  }
  return undefined
}

export function checkPath(path: string): Result<string, string> {
  const refuse = (why: string): Result<string, string> => err(`refused: ${why}`)
  if (!path.startsWith('/'))
    return refuse('the path is not a path of the coordination API (it must start with /api/coord/)')
  if (path.startsWith('//')) return refuse('the path names another host')
  if (path.includes('#')) return refuse('the path has a "#"')
  if (!isWellFormed(path)) return refuse('the path has a lone surrogate')
  const q = path.indexOf('?')
  const bare = q < 0 ? path : path.slice(0, q)
  const query = q < 0 ? '' : path.slice(q)
  if (CONTROL.test(bare)) return refuse('the path has a control character')
  const decoded = decodeFully(bare)
  if (decoded === undefined) return refuse('the path has a malformed % escape')
  if (CONTROL.test(decoded)) return refuse('the path has a control character')
  if (decoded.includes('\\')) return refuse('the path has a backslash')
  if (decoded.includes('#')) return refuse('the path has a "#"')
  if (decoded.includes('..')) return refuse('the path has ".."')
  if (!decoded.startsWith(API_PREFIX) || !bare.startsWith('/api/coord/'))
    return refuse('the path is outside /api/coord/')
  if (CONTROL.test(query)) return refuse('the query has a control character')
  return ok(toAscii(path))
}

function isWellFormed(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c >= 0xd800 && c <= 0xdbff) {
      const d = text.charCodeAt(i + 1)
      if (!(d >= 0xdc00 && d <= 0xdfff)) return false
      i++
    } else if (c >= 0xdc00 && c <= 0xdfff) return false
  }
  return true
}

/** Percent-encodes what may not stand in a request line: beyond ASCII, and blanks and quotes that break one. */
function toAscii(path: string): string {
  let out = ''
  for (const char of path) {
    const code = char.codePointAt(0) ?? 0
    if (
      code > 0x7e ||
      code <= 0x20 ||
      char === '"' ||
      char === '<' ||
      char === '>' ||
      char === '`' ||
      char === '{' ||
      char === '}' ||
      char === '|' ||
      char === '^'
    ) {
      for (const byte of encodeUtf8(char)) out += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    } else out += char
  }
  return out
}
