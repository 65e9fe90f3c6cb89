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
