/** Milliseconds since 1970-01-01T00:00:00Z, on some wall clock. */
export type EpochMs = number

/** Canonical text of a time: UTC ISO 8601 with `Z`, milliseconds kept. */
export const toIso = (at: EpochMs): string => new Date(at).toISOString()

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?$/

/**
 * Reads an ISO 8601 time, with or without zone; no zone means UTC (the API writes UTC).
 * Returns undefined for anything else.
 */
export function parseTime(text: unknown): EpochMs | undefined {
  if (typeof text !== 'string') return undefined
  return parseCanonical(text) ?? parseAny(text)
}

/** `2026-05-12T15:30:00Z`, or with milliseconds: how nearly all are written, read without a regular expression. */
function parseCanonical(text: string): EpochMs | undefined {
  const isLong = text.length === 24
  if ((!isLong && text.length !== 20) || text.charCodeAt(text.length - 1) !== Z) return undefined
  if (!hasMarks(text) || (isLong && text.charCodeAt(19) !== DOT)) return undefined
  const [y, mo, d] = [digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)]
  const [h, mi, s] = [digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)]
  const ms = isLong ? digits(text, 20, 3) : 0
  const isInRange = mo >= 1 && mo <= 12 && d >= 1 && d <= 28 && h <= 23 && mi <= 59 && s <= 59
  // the last days of a month, and everything that is no digit (NaN), are looked at more closely
  return isInRange && y >= 100 && ms >= 0 ? Date.UTC(y, mo - 1, d, h, mi, s, ms) : undefined
}
const [Z, DOT, DASH, COLON, T] = [0x5a, 0x2e, 0x2d, 0x3a, 0x54] as const
const hasMarks = (text: string): boolean =>
  text.charCodeAt(4) === DASH &&
  text.charCodeAt(7) === DASH &&
  text.charCodeAt(10) === T &&
  text.charCodeAt(13) === COLON &&
  text.charCodeAt(16) === COLON
/** NaN where one of them is none. */
function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

function parseAny(text: string): EpochMs | undefined {
  const m = ISO.exec(text.trim())
  if (!m) return undefined
  const [, y, mo, d, h = '0', mi = '0', s = '0', frac = '', zone = 'Z'] = m
  const ms = Number(frac.slice(0, 3).padEnd(3, '0'))
  const utc = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s), ms)
  // A day that its month has not (30 February) would quietly become another one.
  const isDay = new Date(Date.UTC(Number(y), Number(mo) - 1, Number(d))).getUTCDate() === Number(d)
  if (Number.isNaN(utc) || Number(mo) < 1 || Number(mo) > 12 || !isDay) return undefined
  if (Number(h) > 24 || Number(mi) > 59 || Number(s) > 60) return undefined
  if (/^z$/i.test(zone)) return utc
  const sign = zone.startsWith('-') ? -1 : 1
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  return utc - sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000
}
