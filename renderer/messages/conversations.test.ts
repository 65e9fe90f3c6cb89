import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HistoryView, MessageView } from '../../shared/snapshot.ts'
import { answered, quote, toAnswer } from './answer.ts'
import {
  entryOf,
  narrow,
  toConversations,
  toLetters,
  type Conversation,
  type Letter,
} from './conversations.ts'

const machine = { name: 'M', aliases: ['OLD'] }
const none: ReadonlyMap<string, Letter> = new Map()
const noKeys: ReadonlySet<string> = new Set()
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 27, 12, minute)).toISOString()

const unread = (id: string, minute: number, change: Partial<MessageView> = {}): MessageView => ({
  id,
  from: 'N/x',
  to: 'M/a',
  project: 'web',
  subject: `s-${id}`,
  createdAt: at(minute),
  isRead: false,
  isSeen: false,
  isBroadcast: change.to === null,
  ...change,
})
type Past = HistoryView['messages'][number]
const past = (id: string, minute: number, change: Partial<Past> = {}): Past => ({
  id,
  from: 'N/x',
  to: 'M/a',
  project: 'web',
  subject: `s-${id}`,
  createdAt: at(minute),
  readAt: at(minute + 1),
  isSent: false,
  ...change,
})
const conversationsOf = (
  list: readonly MessageView[],
  before: readonly Past[] = [],
  kept = noKeys,
): readonly Conversation[] => toConversations(toLetters(list, before, none, machine).values(), machine, kept)
const only = (all: readonly Conversation[]): Conversation => {
  const [first] = all
  if (!first || all.length !== 1) throw new Error(`${all.length} conversations`)
  return first
}

describe('conversations', () => {
  it('join both ways of a pair in one project, whatever the case of a machine is', () => {
    const sent = past('2', 2, { from: 'M/a', to: 'n/x', isSent: true, readAt: null })
    const one = only(conversationsOf([unread('3', 3, { from: 'N/x' })], [past('1', 1), sent]))
    expect(one.letters.map((letter) => letter.id)).toEqual(['1', '2', '3'])
    expect([one.other, one.own, one.unseen]).toEqual(['N/x', 'M/a', 1])
  })

  it('keep projects, pairs and broadcasts apart', () => {
    const list = [
      unread('1', 1),
      unread('2', 2, { project: 'app' }),
      unread('3', 3, { to: 'M/b' }),
      unread('4', 4, { to: null }),
    ]
    expect(conversationsOf(list).map((one) => one.other)).toEqual([null, 'N/x', 'N/x', 'N/x'])
  })

  it('show what is new first; one that was new a moment ago stays where it is', () => {
    const list = [unread('1', 1), unread('2', 9, { project: 'app', isSeen: true })]
    const [first] = conversationsOf(list)
    expect(first?.newest.id).toBe('1')
    const seen = list.map((one) => ({ ...one, isSeen: true }))
    expect(conversationsOf(seen).map((one) => one.newest.id)).toEqual(['2', '1'])
    const kept = new Set([first?.key ?? ''])
    expect(conversationsOf(seen, [], kept).map((one) => one.newest.id)).toEqual(['1', '2'])
  })

  it('open at the first new message, else at the newest', () => {
    const list = [unread('1', 1, { isSeen: true }), unread('2', 2), unread('3', 3)]
    expect(entryOf(only(conversationsOf(list)))).toBe('2')
    expect(entryOf(only(conversationsOf(list.map((one) => ({ ...one, isSeen: true })))))).toBe('3')
  })

  it('are found by their sessions, project and every subject', () => {
    const all = conversationsOf([unread('1', 1), unread('2', 2, { from: 'N/y', project: 'app' })])
    expect(narrow(all, null, 's-1 N/x').map((one) => one.newest.id)).toEqual(['1'])
    expect(narrow(all, 'app', '').map((one) => one.newest.id)).toEqual(['2'])
    expect(narrow(all, 'app', 'n/x')).toEqual([])
  })

  it('lose no message and have none twice, whatever is given', () => {
    const name = fc.constantFrom('M/a', 'm/a', 'M/b', 'N/x', '', 'x')
    const letter = fc.record({
      id: fc.constantFrom('1', '2', '3', '4', '5'),
      from: name,
      to: fc.option(name),
      project: fc.option(fc.constantFrom('p', 'q')),
      minute: fc.integer({ min: 0, max: 59 }),
    })
    fc.assert(
      fc.property(fc.array(letter), (rows) => {
        const all = conversationsOf(rows.map(({ minute, ...row }) => unread(row.id, minute, row)))
        const ids = all.flatMap((one) => one.letters.map(({ id }) => id))
        expect([...ids].sort()).toEqual([...new Set(rows.map((row) => row.id))].sort())
      }),
    )
  })
})

describe('a message that its session reads', () => {
  it('stays: first as it was, then as the history has it, still seen by the person', () => {
    const before = toLetters([unread('1', 1, { isSeen: true })], [], none, machine)
    const gone = toLetters([], [], before, machine)
    expect(gone.get('1')).toMatchObject({ isSeen: true, isNew: false, isUnread: false, readAt: null })
    const told = toLetters([], [past('1', 1)], gone, machine)
    expect(told.get('1')).toMatchObject({ isSeen: true, isUnread: false, readAt: at(2) })
  })
})

describe('an answer', () => {
  it('goes to the other one in the name of the session that was written to', () => {
    const one = only(conversationsOf([unread('1', 1)]))
    expect(toAnswer(one, answered(one), 'M')).toEqual({
      from: 'M/a',
      to: 'N/x',
      project: 'web',
      subject: 'Re: s-1',
    })
  })

  it('is to the newest that came, not to what was sent after it, and is "Re:" once', () => {
    const sent = past('2', 2, { from: 'M/a', to: 'N/x', isSent: true })
    const one = only(conversationsOf([unread('1', 1, { subject: 'RE: plan' })], [sent]))
    expect(toAnswer(one, answered(one), 'M').subject).toBe('RE: plan')
  })

  it('to a broadcast goes to its sender alone, from this machine', () => {
    const one = only(conversationsOf([unread('1', 1, { to: null })]))
    expect(toAnswer(one, answered(one), 'M')).toMatchObject({ from: 'M/coord', to: 'N/x' })
  })

  it('to a broadcast of this machine goes to all again', () => {
    const one = only(conversationsOf([unread('1', 1, { to: null, from: 'M/a' })]))
    expect(toAnswer(one, answered(one), 'M')).toMatchObject({ from: 'M/a', to: null })
  })

  it('quotes line by line, above what is written already', () => {
    expect(quote('a\n\nb\n', 'Yes')).toBe('> a\n> \n> b\n\nYes')
  })
})
