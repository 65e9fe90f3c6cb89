/**
 * One line's bytes → the calls in it. A line may hold several glued objects; each has a sub-index.
 * The body is kept as the exact text that stood in the line: a call is sent as written, never re-serialised.
 */
import { sliceOfKey } from '../../../../shared/json-slice.ts'
import { mayBeCompleted, type Cause } from '../../../../shared/cause.ts'
import { checkPath } from './check-path.ts'
import { readJson } from '../../../../shared/json.ts'
import { objectOf, splitGlued } from './json-text.ts'
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
    | { readonly kind: 'aside'; readonly cause: Cause }
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

/** The calls of a line, in their order; something that is no call is one entry to be set aside. */
export function parseLine(line: RawLine): readonly Entry[] {
  if (line.length > MAX_LINE_BYTES) return [aside(0, rawOf(line), { code: 'too-long', bytes: line.length })]
  const text =
    line.encoding === 'utf-8'
      ? decodeUtf8(line.bytes)
      : decodeUtf16(line.bytes, line.encoding === 'utf-16be')?.trim()
  if (text === undefined) return [aside(0, { base64: toBase64(line.bytes) }, { code: 'not-text' })]
  const whole = readJson(text)
  if (whole !== undefined) return [toEntry(0, text, whole)]
  const pieces = splitGlued(text)
  if (pieces === undefined) return [aside(0, text, notWhole(text))]
  return pieces.map((piece, sub) => {
    const value = readJson(piece)
    return value === undefined ? aside(sub, piece, notWhole(piece)) : toEntry(sub, piece, value)
  })
}

/** Whether every object of a line closes, so that a last line without its newline need not be waited for. */
export function isWhole(entries: readonly Entry[]): boolean {
  return entries.every((e) => e.verdict.kind !== 'aside' || !mayBeCompleted(e.verdict.cause.code))
}

export function rawOf(line: RawLine): string | { readonly base64: string } {
  const text = line.encoding === 'utf-8' ? decodeUtf8(line.bytes) : undefined
  return text ?? { base64: toBase64(line.bytes) }
}

const notWhole = (text: string): Cause => ({ code: text.startsWith('{') ? 'torn' : 'not-json' })

const aside = (sub: number, raw: Entry['raw'], cause: Cause, more?: Partial<Entry>): Entry => ({
  sub,
  raw,
  ts: null,
  method: null,
  path: null,
  ...more,
  verdict: { kind: 'aside', cause },
})

function toEntry(sub: number, raw: string, value: unknown): Entry {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return aside(sub, raw, { code: 'not-a-call', lacks: 'object' })
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
  if (typeof method !== 'string') return aside(sub, raw, { code: 'not-a-call', lacks: 'method' }, head)
  if (typeof path !== 'string') return aside(sub, raw, { code: 'not-a-call', lacks: 'path' }, head)
  const verb = method.trim().toUpperCase()
  const checked = checkPath(path)
  if (!checked.ok) return aside(sub, raw, { code: 'refused', what: checked.error }, head)
  if (verb === 'GET' || verb === 'HEAD') return { sub, raw, ...head, verdict: { kind: 'read' } }
  if (!METHODS.has(verb)) return aside(sub, raw, { code: 'refused', what: 'method' }, head)
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
