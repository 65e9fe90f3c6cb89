/** Times of day against the platform's own zone data, over the nights in which clocks change. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clockText, isQuietAt, minuteOfDay, tomorrowMorning } from './local-time.ts'

const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'] as const
const formats = new Map(
  ZONES.map((zone) => [
    zone,
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    }),
  ]),
)
function wallOf(zone: (typeof ZONES)[number], at: number): { day: number; minute: number } {
  const parts = Object.fromEntries(
    (formats.get(zone)?.formatToParts(at) ?? []).map((p) => [p.type, Number(p.value)]),
  ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute', number>
  return {
    day: Date.UTC(parts.year, parts.month - 1, parts.day) / 86_400_000,
    minute: parts.hour * 60 + parts.minute,
  }
}
const offsetIn =
  (zone: (typeof ZONES)[number]) =>
  (at: number): number => {
    const { day, minute } = wallOf(zone, at)
    return day * 1440 + minute - Math.floor(at / 60_000)
  }

const zone = fc.constantFrom(...ZONES)
/** Any instant, and often one within a day of a change of clocks in Berlin or New York. */
const instant = fc.oneof(
  fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) }),
  fc
    .tuple(
      fc.constantFrom(
        Date.UTC(2026, 2, 29, 1),
        Date.UTC(2026, 9, 25, 1),
        Date.UTC(2026, 2, 8, 7),
        Date.UTC(2026, 10, 1, 6),
      ),
      fc.integer({ min: -86_400_000, max: 86_400_000 }),
    )
    .map(([at, by]) => at + by),
)

describe('local time', () => {
  it('shows what a clock on the wall shows', () => {
    fc.assert(
      fc.property(zone, instant, (where, at) => {
        expect(minuteOfDay(at, offsetIn(where)(at))).toBe(wallOf(where, at).minute)
      }),
      { numRuns: 300 },
    )
    expect(clockText(Date.UTC(2026, 0, 1, 23, 5), 60)).toBe('00:05')
    expect(clockText(Date.UTC(2026, 0, 1, 0, 5), -60)).toBe('23:05')
  })

  it('"until tomorrow" ends at six in the morning of the next calendar day, on the wall, whatever the clocks do', () => {
    fc.assert(
      fc.property(zone, instant, (where, at) => {
        const end = tomorrowMorning(at, offsetIn(where))
        expect(wallOf(where, end)).toEqual({ day: wallOf(where, at).day + 1, minute: 360 })
      }),
      { numRuns: 300 },
    )
  })

  it('quiet hours hold for exactly the minutes between them, over midnight and over a change of clocks', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 })).map(([h, m]) => ({
      text: `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`,
      minute: h * 60 + m,
    }))
    fc.assert(
      fc.property(zone, instant, time, time, (where, at, from, to) => {
        const { minute } = wallOf(where, at)
        let expected = false
        for (let m = from.minute; m !== to.minute; m = (m + 1) % 1440) if (m === minute) expected = true
        expect(isQuietAt({ from: from.text, to: to.text }, at, offsetIn(where)(at))).toBe(expected)
      }),
      { numRuns: 200 },
    )
  })

  it('no hours, equal hours and what is no time are no quiet hours', () => {
    expect(isQuietAt(null, 0, 0)).toBe(false)
    expect(isQuietAt({ from: '08:00', to: '08:00' }, 8 * 3_600_000, 0)).toBe(false)
    expect(isQuietAt({ from: '25:00', to: '08:00' }, 0, 0)).toBe(false)
  })
})
