import { describe, expect, it } from 'vitest'
import type { CommandError } from '../shared/protocol.ts'
import type { AppSnapshot } from '../shared/snapshot.ts'
import { toRelative } from './time.ts'
import {
  describeError,
  describeOwner,
  describeReason,
  describeAsked,
  describeLife,
  describeRelease,
  describeState,
  explainLine,
  isOnlyEditable,
  toRawText,
  toReadable,
  describePill,
} from './words.ts'

const call = {
  id: '1',
  ts: null,
  method: 'POST',
  path: '/api/coord/locks',
  reason: '',
  status: null,
  raw: '{}',
  cause: 'rejected',
}

describe('words', () => {
  it('says each skip reason in a sentence, and keeps what the API said', () => {
    expect(describeReason({ reason: 'expired', status: null })).toMatch(/time to live/)
    expect(describeReason({ reason: 'resource is required', status: 422 })).toBe(
      'resource is required (status 422)',
    )
    expect(describeReason({ reason: 'constructor', status: null })).toBe('constructor')
    expect(describeReason({ reason: ' ', status: null })).toBe('No reason was given.')
  })

  it('lets refused calls and lines that are no call only be edited', () => {
    expect(isOnlyEditable({ ...call, cause: 'refused' })).toBe(true)
    expect(isOnlyEditable({ ...call, cause: 'refused', path: 'http://x' })).toBe(true)
    expect(isOnlyEditable({ ...call, method: null, path: null })).toBe(true)
    expect(isOnlyEditable({ ...call, cause: 'expired' })).toBe(false)
  })

  it('shows invisible characters and bytes that are no text', () => {
    expect(toReadable('a\u0000\u202eb')).toBe('a\u2400\\u202eb')
    expect(toRawText({ base64: '/w==' })).toEqual({ text: '\ufffd', isText: false })
    expect(toRawText({ base64: '%%' })).toEqual({ text: '%%', isText: false })
  })

  it('explains what an edited line lacks', () => {
    expect(explainLine('{')).toMatch(/not JSON/)
    expect(explainLine('[]')).toMatch(/one JSON object/)
    expect(explainLine('{"method":"PUT","path":"/etc"}')).toMatch(/begins with/)
    expect(explainLine('{"method":"PUT","path":"/api/coord/components/a/b"}')).toBeUndefined()
  })

  it('says the state and what waits', () => {
    const connection = { state: 'offline' as const, since: '', detail: '', until: null }
    const totals = { waiting: 2, setAside: 0, unread: 0, locksMine: 0 }
    expect(describeState({ connection, totals })).toEqual({
      title: 'Offline',
      meaning: '2 calls wait, and nothing is lost.',
    })
  })

  it('calls nothing delivered while a call is set aside, in any state', () => {
    const connection = { state: 'online', since: '', detail: '', until: null } as const
    const totals = { waiting: 0, setAside: 1, unread: 0, locksMine: 0 }
    const said = (over: Partial<typeof totals>): string =>
      describeState({ connection, totals: { ...totals, ...over } }).meaning
    expect(said({})).toBe('1 call was set aside.')
    expect(said({ setAside: 1_500 })).toBe('1,500 calls were set aside.')
    expect(said({ waiting: 2 })).toBe('2 calls wait to be sent. 1 call was set aside.')
    expect(said({ setAside: 0 })).toBe('Nothing waits.')
    const offline = { ...connection, state: 'offline' as const }
    expect(describeState({ connection: offline, totals }).meaning).toMatch(/1 call was set aside\.$/)
  })

  it('says what a release came to', () => {
    expect(describeRelease({ released: 1, queued: 0, refused: [] })).toBe('1 lock released.')
    expect(describeRelease({ released: 0, queued: 0, refused: [] })).toBe('There was nothing to release.')
    expect(describeRelease({ released: 1, queued: 0, refused: [], told: 2 })).toBe(
      '1 lock released. 2 sessions are told that it is free.',
    )
    expect(describeRelease({ released: 1, queued: 0, refused: [], told: 0 })).toBe('1 lock released.')
    // nobody is told of a lock that is not free yet
    expect(describeRelease({ released: 0, queued: 1, refused: [], told: 1 })).toBe(
      '1 release queued: sent as soon as the API answers. Then 1 session is told that it is free.',
    )
  })

  it('says what was not released yet', () => {
    const refused = Array.from({ length: 5 }, (_, n) => ({ id: `${n}`, holder: `M/${n}`, reason: 'held' }))
    expect(describeRelease({ released: 0, queued: 2, refused })).toBe(
      '2 releases queued: sent as soon as the API answers. Not released (held by M/0): held. ' +
        'Not released (held by M/1): held. Not released (held by M/2): held. And 2 more were not released.',
    )
  })

  it('says of each state what is sent in it', () => {
    const totals = (waiting: number) => ({ waiting, setAside: 0 })
    const said = (state: AppSnapshot['connection']['state'], waiting: number): string =>
      describeState({ connection: { state, since: '', detail: '', until: null }, totals: totals(waiting) })
        .meaning
    expect(said('connecting', 2)).toBe('Asking whether the coordination API is there.')
    expect(said('wrong-answer', 0)).toBe('Nothing is sent.')
    expect(said('wrong-answer', 2)).toBe('Nothing is sent: 2 calls wait.')
    for (const state of ['offline', 'degraded'] as const) {
      expect(said(state, 2)).toBe('2 calls wait, and nothing is lost.')
      expect(said(state, 0)).toMatch(/^Nothing waits\./)
    }
    expect(said('online', 2)).toBe('2 calls wait to be sent.')
  })

  it('has a sentence for each code, and for no other', () => {
    const said = (reason: string): string => describeReason({ reason, status: null })
    const known = [
      'expired',
      'released-later',
      'superseded',
      'duplicate',
      'read',
      'refused',
      'session-active',
    ]
    for (const reason of [...known, 'already gone']) expect(said(reason)).toMatch(/^\p{Lu}.* .*\.$/u)
    expect(new Set(known.map(said)).size).toBe(known.length)
    expect(said('Expired')).toBe('Expired')
  })

  it('says the way out of an error by its code', () => {
    const said = (code: CommandError['code'], message = ''): string => describeError({ code, message })
    expect(said('storage', 'The disk is full')).toBe(
      'The disk is full. Check that the folder can be written and that the disk is not full, then try again.',
    )
    expect(said('not-found', 'no such call')).toBe('no such call. It may have ended meanwhile.')
    expect(said('unknown-command')).toBe('Restart Coord Tray.')
    expect(said('untrusted-sender')).toBe('Open the window from Coord Tray again.')
    expect(said('failed')).toBe('Try again; Settings opens the log.')
    for (const code of ['invalid-input', 'set-elsewhere', 'not-a-folder', 'refused'] as const) {
      expect(said(code)).toBe('That was refused.')
      expect(said(code, 'It is held.')).toBe('It is held.')
    }
  })

  it('says who sends the calls of a folder', () => {
    expect(describeOwner('this')).toBeUndefined()
    expect(describeOwner('none')).toBe('Nobody sends these calls yet.')
    expect(describeOwner('other-process')).toMatch(/^Another Coord Tray on this machine/)
    expect(describeOwner('other-machine')).toMatch(/^Another machine or container/)
  })

  it('says what became of asking a holder', () => {
    expect(describeAsked('M/a')({ queued: false })).toBe('Asked: M/a has a message.')
    expect(describeAsked('M/a')({ queued: true })).toMatch(/^Queued: M\/a is asked as soon as/)
  })
})

describe('time', () => {
  it('is relative, both ways', () => {
    const now = Date.parse('2026-05-12T12:00:00Z')
    expect(toRelative('2026-05-12T11:57:00Z', now)).toBe('3 min ago')
    expect(toRelative('2026-05-12T12:10:00Z', now)).toBe('in 10 min')
    expect(toRelative('not a time', now)).toBe('not a time')
  })
  it('does not say that a sign of life is ahead, although the clock of the window moves in steps', () => {
    const now = Date.parse('2026-05-12T12:00:00Z')
    expect(describeLife([{ kind: 'claim', at: '2026-05-12T12:00:14Z' }], now)).toBe('claimed a lock just now')
  })
})

describe('the pill of the sidebar', () => {
  const states = ['online', 'offline', 'degraded', 'wrong-answer', 'connecting'] as const
  const facts = (state: (typeof states)[number], waiting: number, setAside: number) => ({
    connection: { state, since: '', detail: '', until: null },
    totals: { waiting, setAside },
    sessions: [],
    readAt: '2026-05-12T10:00:00Z',
  })

  it('says that the engine is lost before anything that may be old', () => {
    for (const state of states) {
      expect(describePill(facts(state, 3, 4), 'lost').text).toBe('No answer')
      expect(describePill(facts(state, 3, 4), 'refused').tone).toBe('bad')
    }
  })

  it('is good only while the API answers and nothing is set aside', () => {
    for (const state of states)
      for (const setAside of [0, 4])
        for (const waiting of [0, 7]) {
          const { tone } = describePill(facts(state, waiting, setAside), 'up')
          expect(tone === 'good').toBe(state === 'online' && setAside === 0)
        }
  })

  it('counts no sessions before it was read whose locks there are', () => {
    expect(describePill(facts('online', 0, 0), 'up').text).toBe('Online · 0 sessions')
    expect(describePill({ ...facts('online', 0, 0), readAt: null }, 'up').text).toBe('Online')
  })

  it('calls an API that takes nothing from this machine no other thing', () => {
    const refused = { ...facts('wrong-answer', 0, 0).connection, isRefused: true }
    expect(describePill({ ...facts('wrong-answer', 0, 0), connection: refused }, 'up')).toEqual({
      text: 'Not let in',
      tone: 'bad',
    })
    expect(describePill(facts('wrong-answer', 0, 0), 'up').text).toBe('Not the API')
  })

  it('says of a degraded API what it does: only of one that asked to wait that it did', () => {
    const said = (until: string | null, isOverdue = false): string[] => {
      const { connection, ...more } = facts('degraded', 0, 0)
      const now = { ...more, connection: { ...connection, until, isOverdue } }
      return [describePill(now, 'up').text, describeState(now).title]
    }
    expect(said(null)).toEqual(['The API has trouble', 'The API has trouble'])
    expect(said(null, true)).toEqual(['The API is slow to answer', 'The API is slow to answer'])
    expect(said('2026-05-12T10:00:00Z')).toEqual([
      'The API asks to wait',
      expect.stringMatching(/^The API asked us to wait until \d/),
    ])
  })

  it('says how many calls are kept whenever some are', () => {
    for (const state of states.filter((one) => one !== 'connecting'))
      expect(describePill(facts(state, 1_234, 0), 'up').text).toContain('1,234')
  })
})
