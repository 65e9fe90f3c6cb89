import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LockView } from '../../shared/snapshot.ts'
import { toLockBar } from './lock-bar.ts'
import { saidAbout } from './said-about.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const at = (minutesAgo: number): string => new Date(NOW - minutesAgo * 60_000).toISOString()
const lock = (change: Partial<LockView> = {}): LockView => ({
  id: '1',
  resource: 'db',
  project: null,
  session: 'M/a',
  description: null,
  acquiredAt: at(60),
  lastActivityAt: null,
  expiresAt: null,
  staleAt: at(-60),
  isStale: false,
  isMine: true,
  refused: [],
  ...change,
})
const words = (change: Partial<LockView>): string => {
  const { heldWords, endWords } = toLockBar(lock(change), NOW)
  return `${heldWords}, ${endWords}`
}

describe('the bar of a lock', () => {
  it('says what ends it next, in words that hold whatever the clocks say', () => {
    expect(words({})).toBe('held 1 h, stale in 1 h')
    expect(words({ expiresAt: at(-30) })).toBe('held 1 h, expires in 30 min')
    expect(words({ expiresAt: at(-90) })).toBe('held 1 h, stale in 1 h')
    expect(words({ isStale: true, staleAt: at(4) })).toBe('held 1 h, stale for 4 min')
    expect(words({ isStale: true, staleAt: null })).toBe('held 1 h, stale')
    expect(words({ staleAt: at(1) })).toBe('held 1 h, stale soon')
    expect(words({ expiresAt: at(1) })).toBe('held 1 h, expires now')
    // while the API is away nobody knows what became of it
    expect(words({ expiresAt: at(30) })).toBe('held 1 h, was to expire 30 min ago')
    expect(words({ staleAt: null })).toBe('held 1 h, never expires')
    expect(words({ acquiredAt: null })).toBe('held, since when is unknown, stale in 1 h')
    expect(words({ acquiredAt: at(0.5) })).toBe('held under 1 min, stale in 1 h')
  })

  it('places held and both marks on one line', () => {
    const bar = toLockBar(lock({ expiresAt: at(-40) }), NOW)
    expect(bar.held).toBeCloseTo(48.5)
    expect(bar.staleMark).toBeCloseTo(97)
    expect(bar.expiryMark).toBeCloseTo(80.8, 1)
  })

  it('stays on its line whatever times it is given', () => {
    const time = fc.option(
      fc.date({ noInvalidDate: false }).map((date) => (Number.isNaN(+date) ? 'x' : date.toISOString())),
    )
    fc.assert(
      fc.property(time, time, time, fc.boolean(), (acquiredAt, staleAt, expiresAt, isStale) => {
        const { held, staleMark, expiryMark } = toLockBar(
          lock({ acquiredAt, staleAt, expiresAt, isStale }),
          NOW,
        )
        for (const place of [held, staleMark, expiryMark])
          if (place !== null) expect(place >= 0 && place <= 100).toBe(true)
      }),
    )
  })
})

describe('what was said about a lock', () => {
  const said = (id: string, subject: string, minutes: number) => ({
    id,
    from: 'M/a',
    to: null,
    project: null,
    subject,
    createdAt: at(minutes),
    readAt: null,
    isSent: true,
    isRead: false,
    isSeen: false,
    isBroadcast: true,
  })

  it('is the newest messages that name it, each once', () => {
    const unread = [said('1', 'May I have src/DB.ts?', 5)]
    const past = [said('1', 'May I have src/DB.ts?', 5), said('2', 'src/db.ts is free', 1), said('3', 'x', 0)]
    expect(saidAbout('src/db.ts', unread, past).map((one) => one.id)).toEqual(['2', '1'])
  })

  it('is nothing for a name that stands everywhere', () => {
    expect(saidAbout('a', [said('1', 'a', 5)], [])).toEqual([])
  })
})
