/**
 * One line's bytes → the calls in it. A line may hold several glued objects; each has a sub-index.
 * The body is kept as the exact text that stood in the line: a call is sent as written, never re-serialised.
 */
import { err, ok, type Result } from '../../../../shared/result.ts'
import { checkPath } from './check-path.ts'
import { MAX_LINE_BYTES, type RawLine } from './split-lines.ts'
import { decodeUtf16, decodeUtf8, toBase64 } from './text.ts'

/** One object of a line. Either a call that may be sent, or something that must be set aside or skipped as it stands. */
export interface Entry {
  readonly sub: number
  readonly raw: string | { readonly base64: string }
  readonly ts: string | null
  readonly method: string | null
  /** As written. */
  readonly path: string | null
  readonly verdict:
    | { readonly kind: 'send'; readonly call: SendableCall }
    | { readonly kind: 'read' }
    | { readonly kind: 'aside'; readonly reason: string }
}
export interface SendableCall {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query to send, ASCII. */
  readonly path: string
  /** Body text to send, or undefined for none. */
  readonly body: string | undefined
  /** The body as data, for the rules that look into it. */
  readonly data: Readonly<Record<string, unknown>> | undefined
}

const METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** The calls of a line. `isFinal` false means: an unterminated last line that may still grow, and is not whole yet. */
export function parseLine(line: RawLine): readonly Entry[] {
  if (line.length > MAX_LINE_BYTES)
    return [aside(0, rawOf(line), `the line is longer than 1 MiB (${line.length} bytes)`)]
  const text =
    line.encoding === 'utf-8'
      ? decodeUtf8(line.bytes)
      : decodeUtf16(line.bytes, line.encoding === 'utf-16be')?.trim()
  if (text === undefined) return [aside(0, { base64: toBase64(line.bytes) }, 'the bytes are not UTF-8 text')]
  const whole = parseJson(text)
  if (whole.ok) return [toEntry(0, text, whole.value)]
  const pieces = splitGlued(text)
  if (pieces === undefined) return [aside(0, text, tornReason(text))]
  return pieces.map((piece, sub) => {
    const parsed = parseJson(piece)
    return parsed.ok ? toEntry(sub, piece, parsed.value) : aside(sub, piece, tornReason(piece))
  })
}

/** Whether a line set aside for this reason may be one whose rest has yet to come through its writer's descriptor. */
export const mayBeCompleted = (reason: string): boolean => /^(torn|not JSON|the bytes are not)/.test(reason)

/** Whether a line that has no newline yet is whole: every object in it closes. */
export function isWholeLine(line: RawLine): boolean {
  if (line.isTerminated) return true
  return parseLine(line).every((e) => e.verdict.kind !== 'aside' || !mayBeCompleted(e.verdict.reason))
}

export function rawOf(line: RawLine): string | { readonly base64: string } {
  const text = line.encoding === 'utf-8' ? decodeUtf8(line.bytes) : undefined
  return text ?? { base64: toBase64(line.bytes) }
}

const tornReason = (text: string): string =>
  text.startsWith('{')
    ? 'torn: the line is not whole JSON (its writer was cut off, or two writers mixed)'
    : 'not JSON: the line is not a JSON object'

const aside = (sub: number, raw: Entry['raw'], reason: string, more?: Partial<Entry>): Entry => ({
  sub,
  raw,
  ts: null,
  method: null,
  path: null,
  ...more,
  verdict: { kind: 'aside', reason },
})

function parseJson(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text))
  } catch (e) {
    return err(String(e))
  }
}

function toEntry(sub: number, raw: string, value: unknown): Entry {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return aside(sub, raw, 'not a call: the line is JSON, but no object')
  const own = (key: string): unknown =>
    Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  const ts = own('ts')
  const method = own('method')
  const path = own('path')
  const head = {
    ts: typeof ts === 'string' ? ts : null,
    method: typeof method === 'string' ? method : null,
    path: typeof path === 'string' ? path : null,
  }
  if (typeof method !== 'string' || typeof path !== 'string')
    return aside(
      sub,
      raw,
      `not a call: "${typeof method !== 'string' ? 'method' : 'path'}" is missing or no text`,
      head,
    )
  const verb = method.trim().toUpperCase()
  const checked = checkPath(path)
  if (!checked.ok) return aside(sub, raw, checked.error, head)
  if (verb === 'GET' || verb === 'HEAD') return { sub, raw, ...head, verdict: { kind: 'read' } }
  if (!METHODS.has(verb))
    return aside(sub, raw, `refused: the method is not POST, PUT, PATCH or DELETE`, head)
  const body = own('body')
  const data =
    typeof body === 'object' && body !== null && !Array.isArray(body)
      ? (body as Readonly<Record<string, unknown>>)
      : undefined
  let text: string | undefined
  if (body === undefined || body === null) text = undefined
  else if (typeof body === 'string') text = body
  else text = sliceOfKey(raw, 'body') ?? JSON.stringify(body)
  const dataOfText = data ?? (typeof body === 'string' ? objectOf(body) : undefined)
  return {
    sub,
    raw,
    ...head,
    verdict: {
      kind: 'send',
      call: { method: verb as SendableCall['method'], path: checked.value, body: text, data: dataOfText },
    },
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const parsed = parseJson(text)
  return parsed.ok &&
    typeof parsed.value === 'object' &&
    parsed.value !== null &&
    !Array.isArray(parsed.value)
    ? (parsed.value as Readonly<Record<string, unknown>>)
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
      if (parseJson(piece).ok) {
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
    const name: unknown = JSON.parse(text.slice(open, close))
    let value = text.indexOf(':', close) + 1
    while (text.charCodeAt(value) <= 0x20) value++
    const end = endOfValue(text, value)
    if (end < 0) return found
    if (name === key) found = text.slice(value, end).trimEnd()
    at = end
  }
}
