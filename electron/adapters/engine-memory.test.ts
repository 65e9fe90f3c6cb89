/** On real files: what is remembered comes back, and a damaged file is kept aside. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { emptyHistory } from '../core/engine/history-schema.ts'
import { emptyLedger } from '../core/engine/notifications/notified-ledger.ts'
import { openMemory } from './engine-memory.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'coord-memory-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

it('gives back after a restart what was kept, and adds to what another front kept meanwhile', () => {
  const one = openMemory(home)
  expect(one.remembered).toEqual({ notified: emptyLedger, seen: [], sessions: [], history: emptyHistory })
  const history = {
    ...emptyHistory,
    messages: [
      {
        server: 's',
        id: '1',
        from: 'A/x',
        to: null,
        project: null,
        subject: 'ü\u202e',
        body: 'b',
        createdAt: null,
        readAt: 5,
      },
    ],
    counts: { '/w': [{ at: 0, delivered: 1, waiting: 2, setAside: 3, newlyAside: 1, skipped: 0 }] },
  }
  expect([one.saveHistory(history), one.saveSeen(['a'])]).toMatchObject([{ ok: true }, { ok: true }])
  expect(openMemory(home).saveSeen(['b'])).toMatchObject({ ok: true })
  expect(openMemory(home).remembered).toMatchObject({ history, seen: ['a', 'b'] })
})

it('a damaged history is kept aside and said, and the rest is there', () => {
  openMemory(home).saveSeen(['a'])
  writeFileSync(join(home, 'history.json'), '{"version":1,"mess')
  const { remembered, problems } = openMemory(home)
  expect([remembered.history, remembered.seen]).toEqual([emptyHistory, ['a']])
  expect(problems).toHaveLength(1)
  expect(readdirSync(home).filter((name) => name.startsWith('history.corrupt-'))).toHaveLength(1)
})
