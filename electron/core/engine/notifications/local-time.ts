/** Times of day where the person is. The zone comes in as data (minutes east of UTC at an instant), so days of 23 and 25 hours need no rule. */
import type { EpochMs } from '../../../../shared/time.ts'

const MINUTE = 60_000
const DAY_MINUTES = 24 * 60
const DAY = DAY_MINUTES * MINUTE
/** "Until tomorrow" ends at this time of day. */
export const MORNING_MINUTE = 6 * 60

/** `22:30` as minutes after midnight; undefined where it is no time of day. */
export function toMinute(text: string): number | undefined {
  const m = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text)
  return m ? Number(m[1]) * 60 + Number(m[2]) : undefined
}

/** What a clock on the wall shows, in minutes after midnight. */
export const minuteOfDay = (at: EpochMs, offsetMinutes: number): number => {
  const minute = (Math.floor(at / MINUTE) + offsetMinutes) % DAY_MINUTES
  return minute < 0 ? minute + DAY_MINUTES : minute
}

/** `22:05` of an instant. */
export function clockText(at: EpochMs, offsetMinutes: number): string {
  const minute = minuteOfDay(at, offsetMinutes)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}

export interface QuietHours {
  readonly from: string
  readonly to: string
}

/** From inclusive, to exclusive, over midnight where `from` is the later one; two equal times are no quiet hours. */
export function isQuietAt(hours: QuietHours | null, at: EpochMs, offsetMinutes: number): boolean {
  const from = hours ? toMinute(hours.from) : undefined
  const to = hours ? toMinute(hours.to) : undefined
  if (from === undefined || to === undefined || from === to) return false
  const minute = minuteOfDay(at, offsetMinutes)
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

/** When the quiet hours of an instant end (with the offset of now); null outside of them. */
export function quietUntil(hours: QuietHours | null, at: EpochMs, offsetMinutes: number): EpochMs | null {
  const to = hours ? toMinute(hours.to) : undefined
  if (to === undefined || !isQuietAt(hours, at, offsetMinutes)) return null
  const left = (to - minuteOfDay(at, offsetMinutes) + DAY_MINUTES) % DAY_MINUTES
  return Math.floor(at / MINUTE) * MINUTE + left * MINUTE
}

/** The morning of the next calendar day, as the clock on the wall will then show it. */
export function tomorrowMorning(now: EpochMs, offsetAt: (at: EpochMs) => number): EpochMs {
  const today = Math.floor((now + offsetAt(now) * MINUTE) / DAY)
  const wall = (today + 1) * DAY + MORNING_MINUTE * MINUTE
  // The zone may change its offset in the night: asked again at the instant itself.
  const guess = wall - offsetAt(now) * MINUTE
  return wall - offsetAt(guess) * MINUTE
}
