/**
 * What a queued path may be: below `/api/coord/` of our own origin, and nothing that a
 * server or a proxy in between could read as something else. Returns the path to send (ASCII), or why it is refused.
 */
import type { Refusal } from '../../../../shared/cause.ts'
import { err, ok, type Result } from '../../../../shared/result.ts'
import { encodeUtf8 } from './text.ts'

export const API_PREFIX = '/api/coord/'

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/

/** Decodes %XX until nothing changes, as the most lenient server would; undefined where an escape is malformed. */
function decodeFully(text: string): string | undefined {
  let decoded = text
  for (let round = 0; round < 8; round++) {
    if (!/%/.test(decoded)) return decoded
    let next: string
    try {
      next = decodeURIComponent(decoded)
    } catch {
      // a first round that fails is a malformed path; later on a plain "%" of somebody's name must not hide other escapes
      if (round === 0) return undefined
      next = decoded.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    }
    if (next === decoded) return decoded
    decoded = next
  }
  return undefined
}

/** Of a backlog most calls have one path. Safe to keep for all: what is found hangs on the path alone. */
let last: { readonly path: string; readonly checked: Result<string, Refusal> } | undefined

export function checkPath(path: string): Result<string, Refusal> {
  if (last?.path !== path) last = { path, checked: check(path) }
  return last.checked
}

function check(path: string): Result<string, Refusal> {
  if (!path.startsWith('/')) return err('not-an-api-path')
  if (path.startsWith('//')) return err('other-host')
  if (path.includes('#')) return err('fragment')
  if (!isWellFormed(path)) return err('lone-surrogate')
  const q = path.indexOf('?')
  const bare = q < 0 ? path : path.slice(0, q)
  const query = q < 0 ? '' : path.slice(q)
  if (CONTROL.test(bare)) return err('control-character')
  const decoded = decodeFully(bare)
  if (decoded === undefined) return err('malformed-escape')
  if (CONTROL.test(decoded)) return err('control-character')
  if (decoded.includes('\\')) return err('backslash')
  if (decoded.includes('#')) return err('fragment')
  if (decoded.includes('..')) return err('dot-dot')
  if (!decoded.startsWith(API_PREFIX) || !bare.startsWith('/api/coord/')) return err('outside')
  if (CONTROL.test(query)) return err('query-control-character')
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
