import { describe, expect, it } from 'vitest'
import type { AppSnapshot, HistoryView } from '../../shared/snapshot.ts'
import { describeBars, SPAN_MS, toLanes } from './lanes.ts'

const NOW = Date.parse('2026-05-12T20:00:00Z')
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString()
const past = (change: Partial<HistoryView> = {}): HistoryView => ({
  messages: [],
  locks: [],
  connection: [],
  counts: [],
  ...change,
})
const shown = (change: Partial<AppSnapshot> = {}) => ({ locks: [], messages: [], sessions: [], ...change })
const lock = (
  id: string,
  change: Partial<AppSnapshot['locks'][number]> = {},
): AppSnapshot['locks'][number] => ({
  id,
  resource: 'r',
  project: 'p',
  session: 'A/x',
  description: null,
  acquiredAt: ago(60),
  lastActivityAt: null,
  expiresAt: null,
  staleAt: null,
  isStale: false,
  isMine: true,
  refused: [],
  ...change,
})
const held = (id: string, from: number, to: number | null) => ({
  id,
  resource: 'r',
  project: 'p',
  session: 'A/x',
  from: ago(from),
  to: to === null ? null : ago(to),
})

describe('the lanes of Now', () => {
  it('leaves out what ended before the eight hours began, and keeps what reaches into them', () => {
    const eight = SPAN_MS / 60_000
    const { lanes } = toLanes(
      past({ locks: [held('1', eight + 60, eight + 1), held('2', eight + 60, 60)] }),
      shown(),
      NOW,
    )
    expect(lanes.flatMap((lane) => lane.held.map((one) => one.toMs))).toEqual([NOW - 60 * 60_000])
  })

  it('draws a lock that the history does not know yet once, and one that it knows not twice', () => {
    const known = past({ locks: [held('1', 60, null)] })
    expect(toLanes(known, shown({ locks: [lock('1')] }), NOW).lanes[0]?.held).toHaveLength(1)
    expect(toLanes(past(), shown({ locks: [lock('1')] }), NOW).lanes[0]?.held).toHaveLength(1)
  })

  it('says how many sessions have no room', () => {
    const of = (count: number) =>
      toLanes(
        past(),
        shown({ locks: Array.from({ length: count }, (_, n) => lock(`${n}`, { session: `A/${n}` })) }),
        NOW,
      )
    expect([of(40).lanes.length, of(40).more]).toEqual([40, 0])
    expect([of(43).lanes.length, of(43).more]).toEqual([40, 3])
  })

  it('says in words what the bars show', () => {
    const bar = (atMs: number, delivered: number, waiting: number, setAside: number) => ({
      ...{ atMs, delivered, waiting, setAside },
    })
    const words = (...bars: ReturnType<typeof bar>[]) => describeBars(bars, String)
    expect(words(bar(1, 3, 0, 0), bar(2, 0, 4, 0), bar(3, 0, 9, 0), bar(4, 12, 2, 1))).toBe(
      '15 delivered and 1 set aside in eight hours; at most 9 waiting, at 3; 1 set aside at 4',
    )
    expect(words(bar(1, 1_000, 0, 0))).toBe('1,000 delivered and 0 set aside in eight hours')
  })

  it('says stale only from the moment that it was', () => {
    const staleAt = ago(10)
    const staleMs = (at: string, isStale: boolean) =>
      toLanes(past(), shown({ locks: [lock('1', { staleAt: at, isStale })] }), NOW).lanes[0]?.held[0]?.staleMs
    expect(staleMs(staleAt, true)).toBe(Date.parse(staleAt))
    expect(staleMs(ago(-10), false)).toBeNull()
    // The API's clock decides: behind this one, or ahead of it.
    expect(staleMs(staleAt, false)).toBeNull()
    expect(staleMs(ago(-10), true)).toBe(NOW)
  })

  it('counts a call that was set aside once, at the time when it was', () => {
    const bucket = (at: number, setAside: number) => ({ at: ago(at), delivered: 1, waiting: 0, setAside })
    const { bars } = toLanes(
      past({ counts: [{ path: '/w', buckets: [bucket(30, 0), bucket(20, 3), bucket(10, 3)] }] }),
      shown(),
      NOW,
    )
    expect(bars.map((bar) => bar.setAside)).toEqual([0, 3, 0])
  })

  it('does not count what stood aside already when the record begins', () => {
    const buckets = [{ at: ago(10), delivered: 0, waiting: 0, setAside: 8 }]
    const { bars } = toLanes(past({ counts: [{ path: '/w', buckets }] }), shown(), NOW)
    expect(bars.map((bar) => bar.setAside)).toEqual([0])
  })

  it('adds the workspaces up', () => {
    const buckets = [{ at: ago(10), delivered: 4, waiting: 0, setAside: 0 }]
    const counts = [
      { path: '/a', buckets },
      { path: '/b', buckets },
    ]
    expect(toLanes(past({ counts }), shown(), NOW).bars.map((bar) => bar.delivered)).toEqual([8])
  })

  it('draws nothing for times that are no times', () => {
    const { lanes } = toLanes(past({ locks: [{ ...held('1', 5, null), from: 'soon' }] }), shown(), NOW)
    expect(lanes).toEqual([])
  })

  it('shades when the API was away, cut at the beginning, until now where it still is', () => {
    const { away } = toLanes(
      past({
        connection: [
          { state: 'offline', from: ago(SPAN_MS / 60_000 + 9), to: ago(SPAN_MS / 60_000 - 9) },
          { state: 'online', from: ago(300), to: ago(200) },
          { state: 'degraded', from: ago(20), to: null },
        ],
      }),
      shown(),
      NOW,
    )
    expect(away).toEqual([
      { state: 'offline', fromMs: NOW - SPAN_MS, toMs: NOW - SPAN_MS + 9 * 60_000 },
      { state: 'degraded', fromMs: NOW - 20 * 60_000, toMs: NOW },
    ])
  })
})
