import { describe, expect, it } from 'vitest'
import type { LockView, SessionView } from '../../shared/snapshot.ts'
import { describeSession, describeWaiters } from './lock-words.ts'
import {
  describeMissing,
  findRow,
  isLive,
  toRows,
  waitersOf,
  type LocksRow,
  type SessionRow,
} from './rows.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const at = (minutesAgo: number): string => new Date(NOW - minutesAgo * 60_000).toISOString()
const lock = (id: string, session: string, change: Partial<LockView> = {}): LockView => ({
  id,
  resource: `r-${id}`,
  project: 'web',
  session,
  description: null,
  acquiredAt: at(60),
  lastActivityAt: null,
  expiresAt: null,
  staleAt: at(-60),
  isStale: false,
  isMine: session.startsWith('M/'),
  refused: [],
  ...change,
})
const refused = (...sessions: string[]) =>
  sessions.map((session) => ({ session, at: at(1), isWaiting: true }))
const session = (name: string, life: SessionView['life'] = []): SessionView => ({
  session: name,
  guard: null,
  hookAt: null,
  life,
})
const none: ReadonlySet<string> = new Set()
const keys = (rows: readonly LocksRow[]): readonly string[] => rows.map((row) => row.key)
const all = { project: null, filter: '' }

describe('rows of locks', () => {
  it('puts what most wait for first, then what is stale, each within its session', () => {
    const locks = [
      lock('1', 'M/b'),
      lock('2', 'M/b', { isStale: true }),
      lock('3', 'M/a', { refused: refused('N/x') }),
      lock('4', 'M/c', { refused: refused('N/x', 'N/y') }),
      lock('5', 'N/x'),
    ]
    expect(keys(toRows({ locks, sessions: [], going: none }, all))).toEqual([
      ...['session M/c', '4', 'session M/a', '3', 'session M/b', '2', '1'],
      ...['part others', 'session N/x', '5'],
    ])
  })

  it('shows a session without a lock, but not one whose lock an act is about to release', () => {
    const shown = { locks: [lock('1', 'M/a')], sessions: [session('M/a'), session('M/idle')] }
    expect(keys(toRows({ ...shown, going: new Set(['1']) }, all))).toEqual(['session M/idle'])
  })

  it('narrows by project and by words, those of who waits too', () => {
    const locks = [lock('1', 'M/a', { refused: refused('N/robot') }), lock('2', 'M/a', { project: 'app' })]
    const shown = { locks, sessions: [session('M/idle')], going: none }
    expect(keys(toRows(shown, { project: 'app', filter: '' }))).toEqual(['session M/a', '2'])
    expect(keys(toRows(shown, { project: null, filter: 'robot' }))).toEqual(['session M/a', '1'])
  })

  it('names with a session all that it holds, however the list is narrowed: an act on it is on all of them', () => {
    const locks = [lock('1', 'M/a'), lock('2', 'M/a', { project: 'app' }), lock('3', 'M/a')]
    const shown = { locks, sessions: [], going: new Set(['3']) }
    for (const wish of [all, { project: 'app', filter: '' }, { project: null, filter: 'r-2' }]) {
      const [head] = toRows(shown, wish)
      expect(head?.kind === 'session' && head.locks.map((one) => one.id)).toEqual(['1', '2'])
    }
  })

  it('has what an address names, also beyond the sessions that the list has room for', () => {
    const sessions = Array.from({ length: 80 }, (_, n) => session(`M/${n}`))
    const shown = { locks: [lock('1', 'N/x'), lock('2', 'M/0')], sessions, going: none }
    expect(findRow(shown, 'session M/79')).toMatchObject({ session: 'M/79', isMine: true, locks: [] })
    expect(findRow(shown, 'session N/x')).toMatchObject({ isMine: false, facts: null })
    expect(findRow(shown, 'session M/0')).toMatchObject({ isMine: true, facts: sessions[0] })
    expect(findRow(shown, '1')).toMatchObject({ kind: 'lock' })
    expect(findRow(shown, 'none')).toBeUndefined()
  })

  it('says of an address that names nothing only what is true', () => {
    const shown = { locks: [lock('1', 'M/a')], sessions: [], going: new Set(['1', 'session M/a']) }
    expect(findRow(shown, '1')).toBeUndefined()
    expect(findRow(shown, 'session M/a')).toBeUndefined()
    const all = { hasRead: true, isWhole: true, canAsk: true }
    expect(describeMissing(shown, '1', all)).toMatch(/about to be released/)
    expect(describeMissing(shown, 'session M/a', all)).toMatch(/about to be released/)
    expect(describeMissing(shown, '2', { ...all, isWhole: false })).toBe('Reading…')
    expect(describeMissing(shown, '2', { ...all, isWhole: false, canAsk: false })).toMatch(
      /cannot be read now/,
    )
    expect(describeMissing(shown, '2', { ...all, hasRead: false })).toMatch(/were not read yet/)
    expect(describeMissing(shown, '2', all)).toMatch(/^This lock is not held/)
    expect(describeMissing(shown, 'session M/b', all)).toMatch(/^This session holds no lock/)
  })

  it('counts who waits once each, and never the holder', () => {
    const one = lock('1', 'M/a', { refused: refused('N/x', 'M/a', 'N/x') })
    expect(waitersOf(one)).toEqual(['N/x'])
    expect(describeWaiters(lock('2', 'M/a', { refused: refused('N/x') }))).toBe('1 waits')
    expect(describeWaiters(lock('2', 'M/a'))).toBe('')
    // The engine tells of three: there may be more.
    expect(describeWaiters(lock('2', 'M/a', { refused: refused('N/x', 'N/y', 'N/z') }))).toBe('3+ wait')
    expect(describeWaiters(lock('2', 'M/a', { refused: refused('N/x', 'N/x', 'N/x') }))).toBe('1+ wait')
  })
})

describe('what is said of a session', () => {
  const row = (change: Partial<SessionRow>): SessionRow => ({
    kind: 'session',
    key: 'k',
    session: 'M/a',
    locks: [],
    isMine: true,
    facts: null,
    ...change,
  })

  it('is its newest sign of life, and what it holds', () => {
    const facts = session('M/a', [
      { kind: 'queue', at: at(42) },
      { kind: 'claim', at: at(90) },
    ])
    expect(describeSession(row({ facts, locks: [lock('1', 'M/a', { isStale: true })] }), NOW)).toBe(
      'queued a call 42 min ago · 1 lock, 1 stale',
    )
    expect(describeSession(row({}), NOW)).toBe('no sign of life known · no lock')
  })

  it('is, for another machine, what its locks tell', () => {
    const locks = [lock('1', 'N/x', { lastActivityAt: at(5) }), lock('2', 'N/x')]
    expect(describeSession(row({ isMine: false, locks }), NOW)).toBe('active 5 min ago · 2 locks')
  })
  it('does not say that a sign of life is ahead, although the clock of the window moves in steps', () => {
    const facts: SessionView = {
      session: 'M/a',
      guard: null,
      hookAt: null,
      life: [{ kind: 'claim', at: at(-0.2) }],
    }
    expect(describeSession(row({ facts }), NOW)).toBe('claimed a lock just now · no lock')
    const locks = [lock('1', 'L/a', { isMine: false, lastActivityAt: at(-0.2) })]
    expect(describeSession(row({ isMine: false, locks }), NOW)).toBe('active just now · 1 lock')
  })

  it('is live for ten minutes after a lock or a sign told of it', () => {
    expect(isLive([lock('1', 'M/a', { lastActivityAt: at(9) })], undefined, NOW)).toBe(true)
    expect(isLive([lock('1', 'M/a')], [{ kind: 'message', at: at(9) }], NOW)).toBe(true)
    expect(isLive([lock('1', 'M/a')], [{ kind: 'message', at: at(11) }], NOW)).toBe(false)
  })
})
