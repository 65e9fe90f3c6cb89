/** Times as people say them. Pure: "now" comes in. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const count = (n: number, unit: string): string =>
  `${n} ${unit}${n === 1 || unit === 'min' || unit === 'h' ? '' : 's'}`

/** A length of time, in its two largest units at most: `45 s`, `3 min`, `1 h 20 min`, `2 days`. */
export function toSpan(ms: number): string {
  const at = Math.max(0, ms)
  if (at < MINUTE) return `${Math.floor(at / 1000)} s`
  if (at < HOUR) return count(Math.floor(at / MINUTE), 'min')
  if (at < DAY) {
    const minutes = Math.floor((at % HOUR) / MINUTE)
    return `${Math.floor(at / HOUR)} h${minutes > 0 && at < 10 * HOUR ? ` ${minutes} min` : ''}`
  }
  return count(Math.floor(at / DAY), 'day')
}

/** `just now` (also for a moment ahead: two clocks never agree), `3 min ago`, `in 2 h`; the text itself where it is no time. */
export function toRelative(iso: string, nowMs: number): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return iso
  const pastMs = nowMs - at
  if (Math.abs(pastMs) < 10_000) return 'just now'
  return pastMs >= 0 ? `${toSpan(pastMs)} ago` : `in ${toSpan(-pastMs)}`
}

/** Date and time in the person's own zone and language, with seconds. */
export function toAbsolute(iso: string): string {
  const at = Date.parse(iso)
  return Number.isNaN(at)
    ? iso
    : new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' })
}

/** Day of the week and time of day, for things of these days: `Wed 06:00`. */
export function toDayAndClock(iso: string): string {
  const at = Date.parse(iso)
  return Number.isNaN(at)
    ? iso
    : new Date(at).toLocaleString(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' })
}

/** Only the time of day, for things of today. */
export function toClock(iso: string): string {
  const at = Date.parse(iso)
  return Number.isNaN(at)
    ? iso
    : new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
}
