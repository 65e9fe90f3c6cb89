/**
 * What commands have last read of the API, in `COORD_HOME/terminal.json`: completion offers it, and `coord status` shows it
 * with its age while the API is away. Only a service: what cannot be read or written here is gone without.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../../shared/json.ts'
import type { Context } from './context.ts'
import type { Named } from './ids.ts'

export const idKinds = ['locks', 'messages', 'calls', 'workflows', 'items'] as const
export type IdKind = (typeof idKinds)[number]

/** What was read last of this machine, whichever command read it; each with its time (ISO). Null: never. */
interface LastRead {
  /** As they were kept: whoever shows them reads them by their schema. */
  readonly locks: { readonly asOf: string; readonly rows: readonly object[] } | null
  readonly unread: { readonly asOf: string; readonly count: number } | null
}
export interface Memory {
  readonly server: string
  readonly machine: string
  readonly last: LastRead
  readonly ids: Readonly<Partial<Record<IdKind, readonly Named[]>>>
  readonly projects: readonly string[]
  readonly sessions: readonly string[]
}

const KEPT = 200
const LONGEST_TEXT = 80
const fileOf = (home: string): string => join(home, 'terminal.json')

type Place = Pick<Context, 'home' | 'baseUrl' | 'machine'>
const nothing = (at: Place): Memory => ({
  server: at.baseUrl,
  machine: at.machine.name,
  last: { locks: null, unread: null },
  ids: {},
  projects: [],
  sessions: [],
})

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const areTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')
const areNamed = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((one) => isObject(one) && typeof one['id'] === 'string' && typeof one['text'] === 'string')

function isLastRead(value: unknown): value is LastRead {
  if (!isObject(value)) return false
  const { locks, unread } = value
  const isTimed = (read: unknown): read is Readonly<Record<string, unknown>> =>
    isObject(read) && typeof read['asOf'] === 'string'
  return (
    (locks === null || (isTimed(locks) && Array.isArray(locks['rows']) && locks['rows'].every(isObject))) &&
    (unread === null || (isTimed(unread) && typeof unread['count'] === 'number'))
  )
}

/** Another program may have written there, or a newer version of this one: then nothing is remembered. */
function isMemory(value: unknown): value is Memory {
  if (!isObject(value) || !isObject(value['ids'])) return false
  const { last, ids, projects, sessions } = value
  return (
    isLastRead(last) &&
    areTexts(projects) &&
    areTexts(sessions) &&
    Object.values(ids as object).every(areNamed)
  )
}

/** What is remembered of the API at this address; nothing of another one. */
export function readMemory(at: Place): Memory {
  try {
    const value = readJson(readFileSync(fileOf(at.home), 'utf8'))
    return isMemory(value) && value.server === at.baseUrl && value.machine === at.machine.name
      ? value
      : nothing(at)
  } catch {
    return nothing(at)
  }
}

export interface Learned {
  /** All locks of this machine, and how many unread messages concern it, as they were just read. */
  readonly locks?: readonly object[] | null
  readonly unread?: number | null
  /** When that was; now where absent. */
  readonly asOf?: string
  readonly ids?: Memory['ids']
  readonly projects?: readonly (string | null)[]
  readonly sessions?: readonly (string | null)[]
}

const joined = (fresh: readonly (string | null)[] | undefined, known: readonly string[]): readonly string[] =>
  [...new Set([...(fresh ?? []).filter((one) => one !== null && one !== ''), ...known])].slice(
    0,
    KEPT,
  ) as string[]

/** Adds what was just read, with one rename. */
export function remember(at: Place, learned: Learned): void {
  const before = readMemory(at)
  const ids = Object.fromEntries(
    Object.entries(learned.ids ?? {}).map(([kind, rows]) => [
      kind,
      rows.slice(0, KEPT).map(({ id, text }) => ({ id, text: text.slice(0, LONGEST_TEXT) })),
    ]),
  )
  const { locks, unread, asOf = new Date().toISOString() } = learned
  const after: Memory = {
    ...before,
    last: {
      locks: locks ? { asOf, rows: locks } : before.last.locks,
      unread: typeof unread === 'number' ? { asOf, count: unread } : before.last.unread,
    },
    ids: { ...before.ids, ...ids },
    projects: joined(learned.projects, before.projects),
    sessions: joined(learned.sessions, before.sessions),
  }
  const text = `${JSON.stringify(after)}\n`
  const file = fileOf(at.home)
  const draft = `${file}.${process.pid}.${randomBytes(3).toString('hex')}`
  try {
    mkdirSync(at.home, { recursive: true, mode: 0o700 })
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
    renameSync(draft, file)
  } catch {
    rmSync(draft, { force: true })
  }
}
