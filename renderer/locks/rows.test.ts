import { describe, expect, it } from 'vitest'
import type { LockView, SessionView } from '../../shared/snapshot.ts'
import { describeSession, describeWaiters } from './lock-words.ts'
import { isLive, toRows, waitersOf, type LocksRow, type SessionRow } from './rows.ts'

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
const refused = (...sessions: string[]) => sessions.map((session) => ({ session, at: at(1) }))
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

  it('counts who waits once each, and never the holder', () => {
    const one = lock('1', 'M/a', { refused: refused('N/x', 'M/a', 'N/x') })
    expect(waitersOf(one)).toEqual(['N/x'])
    expect(describeWaiters(lock('2', 'M/a', { refused: refused('N/x') }))).toBe('1 waits')
    expect(describeWaiters(lock('2', 'M/a'))).toBe('')
    // The engine tells of three: there may be more.
    expect(describeWaiters(lock('2', 'M/a', { refused: refused('N/x', 'N/y', 'N/z') }))).toBe('3+ wait')
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

  it('is live for ten minutes after a lock or a sign told of it', () => {
    expect(isLive([lock('1', 'M/a', { lastActivityAt: at(9) })], undefined, NOW)).toBe(true)
    expect(isLive([lock('1', 'M/a')], [{ kind: 'message', at: at(9) }], NOW)).toBe(true)
    expect(isLive([lock('1', 'M/a')], [{ kind: 'message', at: at(11) }], NOW)).toBe(false)
  })
})
