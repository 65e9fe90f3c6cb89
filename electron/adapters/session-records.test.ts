/** The records of sessions on a real disk. */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  appendFact,
  beginTelling,
  createSessionsLook,
  noteGuard,
  readRecord,
  readRecords,
  takeOver,
  tidyRecords,
  touchRecord,
} from './session-records.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'coord-records-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
const start = (id: string, at = 1): void => {
  appendFact(home, id, { at, fact: 'started', session: `BOX/${id}`, folder: '/p', process: null })
}

describe('the record of a session', () => {
  it('is what its facts say, each appended by itself', () => {
    start('a')
    appendFact(home, 'a', { at: 5, fact: 'seen', folder: '/p/web' })
    appendFact(home, 'a', { at: 6, fact: 'shown', message: '7' })
    expect(readRecord(home, 'a')).toMatchObject({
      session: 'BOX/a',
      folders: ['/p', '/p/web'],
      seenAt: 6,
      state: 'open',
    })
    expect(readRecord(home, 'b')).toBeNull()
  })
  it('survives a line that its writer could not end', () => {
    start('a')
    const file = join(home, 'sessions', readdirSync(join(home, 'sessions'))[0] ?? '')
    appendFileSync(file, '{"toolSession":"a","fact":"ended","at":9')
    appendFact(home, 'a', { at: 10, fact: 'seen', folder: '/q' })
    expect(readRecord(home, 'a')).toMatchObject({ state: 'open', folders: ['/p', '/q'] })
  })
  it('of an earlier build is read, and a newer one stands before it', () => {
    mkdirSync(join(home, 'sessions'))
    start('a')
    const name = (readdirSync(join(home, 'sessions'))[0] ?? '').replace(/l$/, '')
    const older = {
      session: 'BOX/old',
      toolSession: 'a',
      workspace: '/p',
      startedAt: '2026-11-24T00:00:00Z',
      endedAt: null,
    }
    writeFileSync(join(home, 'sessions', name), JSON.stringify(older))
    expect(readRecords(home).map((r) => r.session)).toEqual(['BOX/a'])
    rmSync(join(home, 'sessions', `${name}l`))
    expect(readRecords(home).map((r) => r.session)).toEqual(['BOX/old'])
    expect(readRecord(home, 'a')?.session).toBe('BOX/old')
  })
  it('that is over is gone on with by one caller alone', () => {
    start('a')
    const record = readRecord(home, 'a')
    expect(record && [takeOver(home, record), takeOver(home, record)]).toEqual([true, false])
  })
  it('tells when a hook was last called and what the guard did last, without being read again', () => {
    start('a')
    start('b')
    const look = createSessionsLook(home)
    touchRecord(home, 'a', 1_700_000_000_000)
    touchRecord(home, 'nobody')
    const word = { session: 'BOX/a', at: 5, did: 'refused' as const, project: 'p', resource: 'r', held: null }
    noteGuard(home, 'a', word)
    expect(look()).toMatchObject({ at: { 'BOX/a': 1, 'BOX/b': 1 }, guards: { 'BOX/a': word } })
    expect(look().hooksAt['BOX/a']).toBe(1_700_000_000_000)
    noteGuard(home, 'a', { ...word, at: 9, did: 'claimed' })
    expect(look().guards).toEqual({ 'BOX/a': { ...word, at: 9, did: 'claimed' } })
    const file = readdirSync(join(home, 'sessions')).find((name) => name.endsWith('.guard')) ?? ''
    writeFileSync(join(home, 'sessions', file), '{"session":"BOX/')
    expect(look().guards).toEqual({})
    expect(
      readRecords(home)
        .map((r) => r.session)
        .sort(),
    ).toEqual(['BOX/a', 'BOX/b'])
  })
  it('is looked at again only where it changed', () => {
    start('a')
    const look = createSessionsLook(home)
    expect(look()).toEqual({
      sessions: ['BOX/a'],
      at: { 'BOX/a': 1 },
      hooksAt: { 'BOX/a': expect.any(Number) },
      guards: {},
    })
    start('b', 3)
    appendFact(home, 'a', { at: 8, fact: 'seen', folder: '/q' })
    expect(look().at).toEqual({ 'BOX/a': 8, 'BOX/b': 3 })
  })
})

describe('messages are told by one hook of a session at a time', () => {
  it('until it has ended, or is too old to be at work', () => {
    const end = beginTelling(home, 'a')
    expect(end).not.toBeNull()
    expect(beginTelling(home, 'a')).toBeNull()
    expect(beginTelling(home, 'b')).not.toBeNull()
    end?.()
    expect(beginTelling(home, 'a')).not.toBeNull()
    expect(beginTelling(home, 'a')).toBeNull()
    // that one was killed
    expect(beginTelling(home, 'a', Date.now() + 10_000)).not.toBeNull()
  })
  it('by any where nothing can be written: told twice is better than not', () => {
    expect(beginTelling('/dev/null/home', 'a')).not.toBeNull()
    expect(beginTelling('/dev/null/home', 'a')).not.toBeNull()
  })
})

describe('the records of sessions that are over', () => {
  const MANY = 200
  const files = (): readonly string[] =>
    readdirSync(join(home, 'sessions'))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => join(home, 'sessions', name))
  beforeEach(() => {
    for (let i = 0; i < MANY; i++) {
      start(`s${i}`)
      appendFact(home, `s${i}`, { at: 2, fact: i % 2 === 0 ? 'ended' : 'taken-up', by: 'x' })
    }
  })
  /** Of the same size, and with nothing in it: whoever reads one knows its session no more. */
  const emptyAll = (): void => {
    for (const file of files()) writeFileSync(file, ' '.repeat(statSync(file).size))
  }

  it('are not read again once a start has put them together, nor by a process that looks for the first time', () => {
    tidyRecords(home)
    emptyAll()
    expect(readRecords(home)).toHaveLength(MANY)
    expect(createSessionsLook(home)().sessions).toHaveLength(MANY)
    // nor by the next start
    tidyRecords(home)
    expect(readRecords(home)).toHaveLength(MANY)
  })
  it('one that comes back, and one that is new, are read from their own records', () => {
    tidyRecords(home)
    start('s7', 9)
    start('new', 9)
    const open = readRecords(home).filter(({ state }) => state === 'open')
    expect(open.map(({ session }) => session).sort()).toEqual(['BOX/new', 'BOX/s7'])
    expect(readRecords(home)).toHaveLength(MANY + 1)
  })
  it.each(['', '[{"name":7}]', '{', 'null'])('are read one by one where the file is none: %j', (text) => {
    tidyRecords(home)
    writeFileSync(join(home, 'sessions', 'finished.cache'), text)
    expect(readRecords(home)).toHaveLength(MANY)
  })
  it('are forgotten with their records', () => {
    tidyRecords(home)
    tidyRecords(home, Date.now() + 31 * 24 * 3_600_000)
    expect(readRecords(home)).toEqual([])
  })
})
