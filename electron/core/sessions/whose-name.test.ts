import { describe, expect, it } from 'vitest'
import { clearedBefore, foldRecord, type SessionFact, type SessionRecord } from './session-record.ts'
import { nameAtEnd, nameAtStart, nameAtWork, type Names } from './whose-name.ts'

type State = 'cleared' | 'taken-up' | 'ending' | 'ended'

/** The record of a session under this name, in this state. */
function of(toolSession: string, session: string, state: State | 'open' = 'open', at = 1): SessionRecord {
  const facts: SessionFact[] = [{ at, fact: 'started', session, folder: 'P', process: null }]
  if (state === 'taken-up') facts.push({ at, fact: state, by: 'x' })
  else if (state !== 'open') facts.push({ at, fact: state })
  const record = foldRecord(toolSession, facts)
  if (!record) throw new Error('no start')
  return record
}
const among = (...records: readonly SessionRecord[]): Names => ({
  records: () => records,
  fresh: () => 'BOX/fresh',
})

describe('under which name', () => {
  const other = of('b', 'BOX/a')
  it.each([
    ['one that is new', null, [], 'BOX/fresh', 'BOX/fresh'],
    ['one that is open', of('a', 'BOX/a'), [], 'BOX/a', 'BOX/a'],
    // a compact or a second terminal starts it again: the cleared one did not come to say that it was taken up
    [
      'one that is open, beside the cleared one whose name it took',
      of('a', 'BOX/a'),
      [of('b', 'BOX/a', 'cleared')],
      'BOX/a',
      'BOX/a',
    ],
    ['one that comes back', of('a', 'BOX/a', 'ended'), [], 'BOX/a', 'BOX/a'],
    // what it does without a start would be done in the other's name: its inbox would be read
    [
      'one that is over, whose name another has',
      of('a', 'BOX/a', 'ended'),
      [other],
      'BOX/fresh',
      'BOX/fresh',
    ],
    ['one whose end was cut off, the same', of('a', 'BOX/a', 'ending'), [other], 'BOX/fresh', 'BOX/fresh'],
    [
      'one whose name a cleared one has',
      of('a', 'BOX/a', 'ended'),
      [of('b', 'BOX/a', 'cleared')],
      'BOX/fresh',
      'BOX/fresh',
    ],
    ['one that was taken up, at its start', of('a', 'BOX/a', 'taken-up'), [other], 'BOX/fresh', 'BOX/a'],
    ['one whose name another had', of('a', 'BOX/a', 'ended'), [of('b', 'BOX/a', 'ended')], 'BOX/a', 'BOX/a'],
  ])('%s begins and works', (_, record, others, atStart, atWork) => {
    const found = { pinned: null, record }
    expect(nameAtStart(found, among(...others))).toBe(atStart)
    expect(nameAtWork(found, among(...others))).toBe(atWork)
  })
  it('a pinned one begins, works and ends, whatever its record says', () => {
    for (const record of [null, of('a', 'BOX/a'), of('a', 'BOX/a', 'ended')]) {
      const found = { pinned: 'BOX/pin', record }
      expect([nameAtStart, nameAtWork, nameAtEnd].map((name) => name(found, among(other)))).toEqual(
        Array(3).fill('BOX/pin'),
      )
    }
  })
  it('an end is about the recorded one, also where another has it by now', () => {
    expect(nameAtEnd({ pinned: null, record: of('a', 'BOX/a', 'ended') }, among(other))).toBe('BOX/a')
    expect(nameAtEnd({ pinned: null, record: null }, among(other))).toBe('BOX/fresh')
  })
})

describe('which cleared conversation goes on', () => {
  const go = (pinned: string | null, ...records: readonly SessionRecord[]): readonly string[] =>
    clearedBefore(records, { folder: 'P', process: null, pinned }).map((r) => r.toolSession)

  it('the one that was cleared last', () => {
    expect(go(null, of('a', 'BOX/a', 'cleared', 1), of('b', 'BOX/b', 'cleared', 2))).toEqual(['b', 'a'])
  })
  it('none whose name another session works under: two that live have two names', () => {
    expect(go(null, of('a', 'BOX/a', 'cleared'), of('b', 'BOX/a'))).toEqual([])
    expect(go(null, of('a', 'BOX/a', 'cleared'), of('b', 'BOX/a', 'ended'))).toEqual(['a'])
  })
  it('under a pinned name only those of that name, whoever else has it: what another holds stays its own to release', () => {
    const records = [of('a', 'BOX/a', 'cleared'), of('p', 'BOX/pin', 'cleared'), of('q', 'BOX/pin')]
    expect(go('BOX/pin', ...records)).toEqual(['p'])
  })
})
