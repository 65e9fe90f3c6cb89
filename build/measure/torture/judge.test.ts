/** The judge of the torture rounds itself: what it must see, and what it must not hold against anybody. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemKeys } from '../../../electron/adapters/system.ts'
import { judge, type Verdict } from './judge.ts'

let root = ''
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'coord-judge-'))))
afterEach(() => rmSync(root, { recursive: true, force: true }))

const SEGMENT = '00000001-aaaaaaaaaa'
const line = (n: string, lane: string, table = 'messages'): string =>
  `${JSON.stringify({ n, lane, table })}\n`

/** The verdict on lines of one segment whose calls arrived in this order. */
function verdict(lines: string[], arrived: number[], isStrict: boolean, file = '', isAhead = false): Verdict {
  const dir = join(root, 'outbox')
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, `${SEGMENT}.seg`), lines.join(''))
  const offset = (i: number): number => Buffer.byteLength(lines.slice(0, i).join(''))
  const names = new Set(lines.map((l) => (JSON.parse(l) as { n: string }).n))
  const arrivals = arrived.map((i) => systemKeys.uuid5(`${SEGMENT}/${offset(i)}/0`))
  return judge({
    names,
    dir,
    isStrict,
    isAhead,
    api: { kind: file === '' ? 'blind' : 'ours', arrivals, file },
  })
}
const FOUR = [line('a-0', 'x'), line('b-1', 'y'), line('a-2', 'barrier'), line('b-3', 'x')]

it('finds nothing wrong with what arrived in order, a repeat of the one in flight included', () => {
  expect(verdict(FOUR, [0, 1, 1, 2, 3], true)).toMatchObject({
    lost: 0,
    repeats: 1,
    doubled: 0,
    outOfOrder: 0,
    problems: [],
  })
})
it('sees a call that never arrived, and one that is in no segment', () => {
  expect(verdict(FOUR, [0, 1, 2], true).lost).toBe(1)
  expect(verdict([...FOUR, line('c-4', 'x')].slice(0, 4), [0, 1, 2, 3], true).lost).toBe(0)
})
it('strict: sees any two that changed places, and a late repeat', () => {
  expect(verdict(FOUR, [1, 0, 2, 3], true).outOfOrder).toBe(1)
  expect(verdict(FOUR, [0, 1, 0, 2, 3], true).outOfOrder).toBe(1)
})
it('intents ahead: holds no repeat against anybody, but any two that changed places the first time', () => {
  expect(verdict(FOUR, [0, 1, 2, 0, 1, 2, 3], true, '', true)).toMatchObject({ repeats: 3, outOfOrder: 0 })
  expect(verdict(FOUR, [1, 0, 2, 3], true, '', true).outOfOrder).toBe(1)
})
it('lanes: holds no change of places between lanes against anybody, but one within a lane or across a barrier', () => {
  expect(verdict(FOUR, [1, 0, 2, 3], false).outOfOrder).toBe(0)
  expect(verdict(FOUR, [0, 2, 1, 3], false).outOfOrder).toBe(1)
  expect(verdict(FOUR, [0, 1, 3, 2], false).outOfOrder).toBeGreaterThan(0)
  const lane = [line('a-0', 'x'), line('b-1', 'y'), line('b-2', 'x')]
  expect(verdict(lane, [2, 1, 0], false).outOfOrder).toBeGreaterThan(0)
})
it('sees half a line, and an arrival that no line stands for', () => {
  expect(verdict(['{"n":"a-0","lane":"x"}'], [0], true).problems).toEqual([
    expect.stringContaining('half a line'),
    expect.stringContaining('unknown key'),
    expect.stringContaining('lost: a-0'),
  ])
})
it('our own API: sees an effect that is missing, doubled, or not the last word', () => {
  const file = join(root, 'coord.db')
  const db = new DatabaseSync(file)
  db.exec(`CREATE TABLE messages (subject TEXT); CREATE TABLE work_items (title TEXT); CREATE TABLE workflows (name TEXT);
    CREATE TABLE locks (resource TEXT); CREATE TABLE components (component TEXT, state TEXT);
    INSERT INTO messages VALUES ('a-0'), ('a-0'), ('alike a'); INSERT INTO components VALUES ('web', 'a-3');`)
  db.close()
  const lines = [
    line('a-0', 'x'),
    line('a-1', 'x'),
    line('a-2', 'm', 'alike'),
    line('a-3', 'component:web', 'components'),
    line('a-4', 'component:web', 'components'),
  ]
  expect(verdict(lines, [0, 1, 2, 3, 4], true, file)).toMatchObject({ lost: 2, doubled: 1 })
})
