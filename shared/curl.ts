/** A queued call as a curl line. Pure. */
import type { Call } from './call.ts'
import { sliceOfKey } from './json-slice.ts'
import { shellQuoted } from './shell-quote.ts'

/** The body as the outbox sends it: a string is sent as it is, anything else as its JSON stands in the line; undefined where there is none. */
function bodyOf(line: string): string | undefined {
  try {
    const body = (JSON.parse(line) as { body?: unknown } | null)?.body
    if (body === undefined || body === null) return undefined
    // Its own words: a number beyond 2^53 keeps its digits.
    return typeof body === 'string' ? body : (sliceOfKey(line, 'body') ?? JSON.stringify(body))
  } catch {
    return undefined
  }
}

/**
 * The call as one curl line for a POSIX shell, which fails where the API refuses. Undefined where no line could say it: it is
 * no call, or its bytes are no text.
 */
export function toCurl(call: Pick<Call, 'method' | 'path' | 'raw'>, apiUrl: string): string | undefined {
  if (call.method === null || call.path === null || typeof call.raw !== 'string') return undefined
  const isWhole = /^[a-z][a-z0-9+.-]*:/i.test(call.path)
  const url = isWhole ? call.path : apiUrl.replace(/\/+$/, '') + call.path
  const body = bodyOf(call.raw)
  const data =
    body === undefined ? '' : ` -H 'Content-Type: application/json' --data-binary ${shellQuoted(body)}`
  return `curl -sS -f -X ${shellQuoted(call.method)}${data} -- ${shellQuoted(url)}`
}
