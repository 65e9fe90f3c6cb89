/** How long an answer asks us to wait (RFC 9110 10.2.3; PROTOCOL: the same number stands in the body as `retry_after`). */
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

function one(text: string, serverNow: number | undefined): number | undefined {
  const t = text.trim()
  if (/^\d+$/.test(t)) return Number(t) * 1000
  const date = parseHttpDate(t)
  return date !== undefined && serverNow !== undefined ? Math.max(0, date - serverNow) : undefined
}

/**
 * Milliseconds to wait, at most an hour, or undefined where nothing usable was said. The date form is taken against the
 * response's own `Date`, because this workstation's clock may be wrong. Several headers: the longest.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, body: string): number | undefined {
  const date = headers['date'] === undefined ? undefined : parseHttpDate(headers['date'])
  const header = headers['retry-after']
  let wait: number | undefined
  if (header !== undefined) {
    const whole = one(header, date)
    const parts = whole !== undefined ? [whole] : header.split(/,\s*(?=\d)/).map((p) => one(p, date))
    for (const p of parts) if (p !== undefined && (wait === undefined || p > wait)) wait = p
  }
  if (wait === undefined) {
    try {
      const parsed: unknown = JSON.parse(body)
      const value: unknown =
        typeof parsed === 'object' && parsed !== null
          ? (parsed as Record<string, unknown>)['retry_after']
          : undefined
      if (typeof value === 'number' && value >= 0) wait = value * 1000
    } catch {
      // no JSON: nothing said
    }
  }
  return wait === undefined ? undefined : Math.min(wait, MAX_RETRY_AFTER_MS)
}
