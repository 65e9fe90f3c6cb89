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

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

/**
 * The call as one curl line for a POSIX shell, which fails where the API refuses. Undefined where no line could say it: it is
 * no call, its bytes are no text, it would not go to the API (behind an address, only what begins with "/" cannot name another
 * host), or a terminal would show another line than the one that is meant.
 */
export function toCurl(call: Pick<Call, 'method' | 'path' | 'raw'>, apiUrl: string): string | undefined {
  if (call.method === null || call.path === null || typeof call.raw !== 'string') return undefined
  if (!call.path.startsWith('/') || CONTROL.test(call.path + call.method)) return undefined
  const url = apiUrl.replace(/\/+$/, '') + call.path
  const body = bodyOf(call.raw)
  const data =
    body === undefined ? '' : ` -H 'Content-Type: application/json' --data-binary ${shellQuoted(body)}`
  return `curl -sS -f -X ${shellQuoted(call.method)}${data} -- ${shellQuoted(url)}`
}
