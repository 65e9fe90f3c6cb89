/** A queued call as a curl line for a POSIX shell. */
import type { Call } from '../../../shared/call.ts'

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The body's text: a string body is raw text, none is none, all else is its JSON. */
function bodyOf(raw: Call['raw']): string | undefined {
  if (typeof raw !== 'string') return undefined
  try {
    const parsed: unknown = JSON.parse(raw)
    const body = typeof parsed === 'object' && parsed !== null && 'body' in parsed ? parsed.body : undefined
    if (body === undefined || body === null) return undefined
    return typeof body === 'string' ? body : JSON.stringify(body)
  } catch {
    return undefined
  }
}

export function toCurl(call: Call, baseUrl: string): string {
  const body = bodyOf(call.raw)
  const parts = ['curl', '-sS', '-X', call.method ?? 'GET', quote(`${baseUrl}${call.path ?? ''}`)]
  if (body !== undefined)
    parts.push('-H', quote('Content-Type: application/json'), '--data-binary', quote(body))
  return parts.join(' ')
}
