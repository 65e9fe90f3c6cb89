/** What the engine remembers between runs: told (`notified.json`), seen (`seen.json`), sessions (`known-sessions.json`), what was (`history.json`). */
import { join } from 'node:path'
import { z } from 'zod'
import { err, ok, type Result } from '../../shared/result.ts'
import type { MemoryStore } from '../core/engine/engine.ts'
import {
  emptyLedger,
  notifiedLedger,
  type NotifiedLedger,
} from '../core/engine/notifications/notified-ledger.ts'
import { emptyHistory, historySchema, type History } from '../core/engine/history-schema.ts'
import { jsonFile, type JsonFile } from './json-file.ts'

const MAX_KEPT = 20_000

export interface Memory extends MemoryStore {
  readonly remembered: {
    readonly notified: NotifiedLedger
    readonly seen: readonly string[]
    readonly sessions: readonly string[]
    readonly history: History
  }
  /** Files that could not be read, in words. */
  readonly problems: readonly string[]
}

export function openMemory(home: string): Memory {
  const list = (name: string): JsonFile<string[]> => jsonFile(join(home, name), z.array(z.string()), [])
  const files = {
    notified: jsonFile(join(home, 'notified.json'), notifiedLedger, emptyLedger),
    seen: list('seen.json'),
    sessions: list('known-sessions.json'),
    history: jsonFile(join(home, 'history.json'), historySchema, emptyHistory),
  }
  const said = (isKept: boolean, path: string): Result<null, string> =>
    isKept ? ok(null) : err(`${path} could not be written`)
  /** Two fronts may share a COORD_HOME: what the other one added stays. */
  const add = (file: JsonFile<string[]>, mine: readonly string[]): Result<null, string> =>
    said(file.write([...new Set([...file.read().value, ...mine])].slice(-MAX_KEPT)), file.path)
  const notified = files.notified.read()
  const seen = files.seen.read()
  const sessions = files.sessions.read()
  const history = files.history.read()
  return {
    remembered: {
      notified: notified.value,
      seen: seen.value,
      sessions: sessions.value,
      history: history.value,
    },
    problems: [notified, seen, sessions, history].flatMap((f) => (f.problem === null ? [] : [f.problem])),
    saveLedger: (ledger) => said(files.notified.write(ledger), files.notified.path),
    saveSeen: (mine) => add(files.seen, mine),
    saveHistory: (mine) => said(files.history.write(mine), files.history.path),
    saveSessions: (mine) => add(files.sessions, mine),
  }
}
