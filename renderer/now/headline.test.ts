import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headline, subline } from './headline.ts'

const states = ['online', 'offline', 'degraded', 'wrong-answer', 'connecting'] as const
/** None as often as some: both are said in words of their own. */
const some = (most: number) => fc.oneof(fc.constant(0), fc.nat(most))
const facts = fc.record({
  connection: fc.record({
    state: fc.constantFrom(...states),
    since: fc.constant('2026-05-12T10:00:00Z'),
    detail: fc.constant(''),
    until: fc.constant(null),
  }),
  totals: fc.record({
    waiting: some(20_000),
    setAside: some(20_000),
    unread: fc.nat(5),
    locksMine: fc.nat(5),
    messages: fc.nat(5),
    locks: fc.nat(5),
    components: fc.nat(5),
    workflows: fc.nat(5),
  }),
  today: fc.record({ delivered: some(500), setAside: fc.nat(5), skipped: fc.nat(5) }),
  readAt: fc.constantFrom(null, '2026-05-12T10:00:00Z'),
  workspaces: fc.constant([]),
})

describe('the headline of Now', () => {
  it('is quiet only where the API answers, all was read, nothing waits and nothing needs a person', () => {
    fc.assert(
      fc.property(facts, some(3), (one, needs) => {
        const words = headline(
          { ...one, workspaces: [{ name: 'web' }] },
          { all: needs, shown: needs, project: null, isLost: false, isCut: false, isGoing: false },
        )
        if (words !== 'All quiet') return
        expect([one.connection.state, one.totals.waiting, needs]).toEqual(['online', 0, 0])
        expect(one.readAt).not.toBeNull()
      }),
    )
  })

  it('counts what needs a person before anything else', () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: 1, max: 99 }), (one, needs) => {
        expect(
          headline(one, {
            all: needs,
            shown: needs,
            project: null,
            isLost: false,
            isCut: false,
            isGoing: false,
          }),
        ).toMatch(new RegExp(`^${needs} things? needs? you$`))
      }),
    )
  })
})

const quiet = {
  connection: { state: 'online', since: '', detail: '', until: null },
  totals: { waiting: 0, setAside: 0 },
  today: { delivered: 0, setAside: 0, skipped: 0 },
  readAt: '2026-05-12T10:00:00Z',
  workspaces: [{ name: 'web' }],
} as never

describe('the headline of more than is listed, and of what is about to go', () => {
  const shown = { all: 20, shown: 20, project: null, isLost: false, isCut: true, isGoing: false }

  it('gives no number for the whole where the list was cut', () => {
    expect(headline(quiet, shown)).toBe('At least 20 things need you')
    expect(headline(quiet, { ...shown, shown: 1, project: 'web' })).toBe(
      '1 thing here needs you, at least 19 elsewhere',
    )
  })

  it('does not call quiet what an act that is put off has yet to do', () => {
    const none = { ...shown, all: 0, shown: 0, isCut: false }
    expect(headline(quiet, none)).toBe('All quiet')
    expect(headline(quiet, { ...none, isGoing: true })).toBe('Nothing else needs you')
  })
})

describe('the headline where no folder is watched', () => {
  it('takes the own queue of the app for none', () => {
    const none = { all: 0, shown: 0, project: null, isLost: false, isCut: false, isGoing: false }
    const words = (...names: string[]): string =>
      headline({ ...(quiet as object), workspaces: names.map((name) => ({ name })) } as never, none)
    expect(words()).toBe('No project folder is watched yet')
    expect(words('this app')).toBe('No project folder is watched yet')
    expect(words('this app', 'web')).toBe('All quiet')
  })
})

describe('the headline of one project, and of an engine that is gone', () => {
  it('does not call quiet what is quiet here alone', () => {
    const said = (shown: number): string =>
      headline(quiet, { all: 3, shown, project: 'web', isLost: false, isCut: false, isGoing: false })
    expect(said(0)).toBe('Nothing here needs you, 3 elsewhere')
    expect(said(1)).toBe('1 thing here needs you, 2 elsewhere')
    expect(said(3)).toBe('3 things need you')
  })

  it('says that nobody answers before anything that may be old', () => {
    expect(
      headline(quiet, { all: 0, shown: 0, project: null, isLost: true, isCut: false, isGoing: false }),
    ).toBe('Coord Tray does not answer')
  })
})

describe('the line below it', () => {
  it('says "Nothing waits" exactly where nothing waits, and always says what is set aside', () => {
    fc.assert(
      fc.property(facts, (one) => {
        const words = subline(one)
        expect(words.includes('Nothing waits.')).toBe(one.totals.waiting === 0)
        expect(words.includes('set aside')).toBe(one.totals.setAside > 0)
        expect(words.startsWith('No call delivered today')).toBe(one.today.delivered === 0)
      }),
    )
  })

  it('does not promise to send while the API is away', () => {
    const words = subline({
      connection: { state: 'offline', since: '', detail: '', until: null },
      totals: { waiting: 3, setAside: 0 },
      today: { delivered: 0, setAside: 0, skipped: 0 },
    } as never)
    expect(words).toBe('No call delivered today. 3 calls wait and will be sent when the API answers.')
  })
})
