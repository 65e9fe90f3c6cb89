/** Counts, lengths of time and invisible characters, as every front says and shows them. Pure. */
import type { EpochMs } from './time.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A whole number with its thousands apart: `5,000`. */
export const toCount = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

/** `1 lock`, `3 locks`, `5,000 locks`. */
export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${toCount(n)} ${n === 1 ? one : many}`

/** A length of time in its two largest units at most: `45 s`, `3 min`, `1 h 20 min`, `2 days`. Below zero it is `0 s`. */
export function toSpan(lengthMs: number): string {
  const ms = Math.max(0, lengthMs)
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1000)} s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms >= DAY_MS) return counted(Math.floor(ms / DAY_MS), 'day')
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS)
  return `${Math.floor(ms / HOUR_MS)} h${minutes > 0 && ms < 10 * HOUR_MS ? ` ${minutes} min` : ''}`
}

/** `just now` (also for a moment ahead: two clocks never agree), `3 min ago`, `in 2 h`. */
export function toRelativeTime(at: EpochMs, now: EpochMs): string {
  const pastMs = now - at
  if (Math.abs(pastMs) < 10_000) return 'just now'
  return pastMs >= 0 ? `${toSpan(pastMs)} ago` : `in ${toSpan(-pastMs)}`
}

/**
 * Characters that a person cannot see, and that could drive a terminal, turn text around (bidi) or break a line: C0 and C1
 * controls without tab and newline, soft hyphen, zero-width and bidi characters, line and paragraph separators, tags.
 */
const INVISIBLE =
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** Text without invisible characters; tab and newline stay. */
export const stripInvisible = (text: string): string => text.replace(INVISIBLE, '')

/** Text whose invisible characters are shown as signs (`␀`) or escapes (`\u202e`); tab and newline stay. */
export const showInvisible = (text: string): string =>
  text.replace(INVISIBLE, (char) => {
    const code = char.codePointAt(0) ?? 0
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    const hex = code.toString(16).padStart(4, '0')
    return code > 0xffff ? `\\u{${hex}}` : `\\u${hex}`
  })

const LONE_SURROGATE = /\p{Surrogate}/gu

/** One line for a menu, a tooltip or a notification: at most `max` code points, nothing invisible, runs of blanks as one. */
export function plainLine(text: string | null | undefined, max: number): string {
  if (!text) return ''
  // Cut first, roughly: a message body may be a megabyte.
  const clean = stripInvisible(text.slice(0, max * 8 + 256).replace(/[\t\r\n\v\f\u0085\u2028\u2029]+/g, ' '))
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(/ {2,}/g, ' ')
    .trim()
  const points = [...clean]
  if (points.length <= max) return clean
  return `${points
    .slice(0, max - 1)
    .join('')
    .trimEnd()}…`
}
