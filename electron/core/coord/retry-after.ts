/** How long an answer asks us to wait (RFC 9110 10.2.3; the same number may stand in the body as `retry_after`). */
import { readJson } from '../../../shared/json.ts'
import type { EpochMs } from '../../../shared/time.ts'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
export const MAX_RETRY_AFTER_MS = 3_600_000

/** An HTTP date in any of its three forms, in epoch milliseconds; undefined for anything else. */
export function parseHttpDate(text: string): number | undefined {
  const t = text.trim()
  const imf = /^\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/.exec(t)
  const rfc850 = /^\w+, (\d{2})-(\w{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/.exec(t)
  const asc = /^\w{3} (\w{3}) +(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/.exec(t)
  const make = (
    d?: string,
    mon?: string,
    y?: string,
    h?: string,
    m?: string,
    s?: string,
  ): number | undefined => {
    const month = MONTHS.indexOf((mon ?? '').toLowerCase())
    return month < 0 ? undefined : Date.UTC(Number(y), month, Number(d), Number(h), Number(m), Number(s))
  }
  if (imf) return make(imf[1], imf[2], imf[3], imf[4], imf[5], imf[6])
  if (rfc850) {
    const year = Number(rfc850[3])
    return make(
      rfc850[1],
      rfc850[2],
      String(year < 70 ? 2000 + year : 1900 + year),
      rfc850[4],
      rfc850[5],
      rfc850[6],
    )
  }
  if (asc) return make(asc[2], asc[1], asc[6], asc[3], asc[4], asc[5])
  return undefined
}

/** One value of the header: seconds, or a date against the clock of whoever wrote it. */
function waitOf(value: string, writtenAt: EpochMs): number | undefined {
  const text = value.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const date = parseHttpDate(text)
  return date === undefined ? undefined : Math.max(0, date - writtenAt)
}

function waitInHeader(header: string, writtenAt: EpochMs): number | undefined {
  const whole = waitOf(header, writtenAt)
  if (whole !== undefined) return whole
  // several headers, joined; a date has a comma of its own, behind its day
  const waits = header
    .split(/(?<!\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*),/i)
    .map((part) => waitOf(part, writtenAt))
    .filter((wait) => wait !== undefined)
  return waits.length === 0 ? undefined : Math.max(...waits)
}

function waitInBody(body: string): number | undefined {
  const parsed = readJson(body)
  const value: unknown =
    typeof parsed === 'object' && parsed !== null
      ? (parsed as Record<string, unknown>)['retry_after']
      : undefined
  return typeof value === 'number' && value >= 0 ? value * 1000 : undefined
}

/**
 * Milliseconds to wait, at most an hour, or undefined where nothing usable was said. `now`: the local clock.
 * The date form is taken against the response's own `Date`, because this workstation's clock may be wrong. Where that cannot
 * be read, or there are two of them, the body's number counts, and without one our own clock: a wish that can be
 * understood is never replaced by a shorter back-off. Several headers: the longest.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string>>,
  body: string,
  now: EpochMs,
): number | undefined {
  const date = headers['date'] === undefined ? undefined : parseHttpDate(headers['date'])
  const header = headers['retry-after']
  const isSeconds = header !== undefined && /^[\s\d,]+$/.test(header)
  const reliable =
    header !== undefined && (date !== undefined || isSeconds) ? waitInHeader(header, date ?? now) : undefined
  const wait = reliable ?? waitInBody(body) ?? (header === undefined ? undefined : waitInHeader(header, now))
  return wait === undefined ? undefined : Math.min(wait, MAX_RETRY_AFTER_MS)
}
