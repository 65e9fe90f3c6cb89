/** Times as people say them. Pure: "now" comes in. */
import { toRelativeTime } from '../shared/text.ts'

/** `just now` (also for a moment ahead: two clocks never agree), `3 min ago`, `in 2 h`; the text itself where it is no time. */
export function toRelative(iso: string, nowMs: number): string {
  const at = Date.parse(iso)
  return Number.isNaN(at) ? iso : toRelativeTime(at, nowMs)
}

/** The same of what has been: never ahead, since the window's clock may be some seconds behind. */
export const toPast = (iso: string, nowMs: number): string =>
  toRelative(iso, Math.max(nowMs, toMs(iso) ?? nowMs))

/** Epoch milliseconds of an ISO time; null where there is none, or it is no time. */
export function toMs(iso: string | null): number | null {
  const ms = Date.parse(iso ?? '')
  return Number.isNaN(ms) ? null : ms
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

/** A full hour, short: `18:00`, `6 PM`. */
export function toHour(atMs: number): string {
  const uses12 = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions().hour12 === true
  return new Date(atMs).toLocaleTimeString(
    undefined,
    uses12 ? { hour: 'numeric' } : { hour: '2-digit', minute: '2-digit' },
  )
}
