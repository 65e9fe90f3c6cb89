/** Each table as both databases have it: what a copy from one into the other takes, and what each derives for itself. */
import { machineOf, toMachineKey, toSessionKey } from '../../../shared/session.ts'
import { isPattern, toResourceKey } from '../resource-key.ts'
import { hashOf, keyHash, machineHash, maybeHash, sessionHash, toStored, type Value } from './rows.ts'

/** A row between the databases: text as it is, times in milliseconds. */
export type Plain = Readonly<Record<string, string | number | null>>
type Kind = 'text' | 'number' | 'time'

export interface Table {
  readonly sqlite: string
  readonly maria: string
  /** Which rows of SQLite's table, where it has others too. */
  readonly where?: string
  /** Which rows of MariaDB's table are copied, where it has others too. */
  readonly whereMaria?: string
  /** MariaDB's rows are read in the order of this column of an index. */
  readonly key: string
  readonly columns: Readonly<Record<string, Kind>>
  readonly ofMaria?: (row: Plain) => Readonly<Record<string, Value>>
  /** As text, not yet as it is stored. */
  readonly ofSqlite?: (row: Plain) => Plain
}

const textOf = (row: Plain, name: string): string => String(row[name] ?? '')
const maybeText = (row: Plain, name: string): string | null => {
  const value = row[name]
  return value === null || value === undefined ? null : String(value)
}

const LOCK = {
  seq: 'number',
  id: 'text',
  project_key: 'text',
  session_id: 'text',
  resource: 'text',
  description: 'text',
  ttl_hours: 'number',
  acquired_at: 'time',
  last_activity_at: 'time',
  expires_at: 'time',
} as const

const lockOfSqlite = (row: Plain): Plain => ({
  session_key: toSessionKey(textOf(row, 'session_id')),
  machine: toMachineKey(machineOf(textOf(row, 'session_id'))),
  resource_key: toResourceKey(textOf(row, 'resource')),
  is_pattern: Number(isPattern(textOf(row, 'resource'))),
})

const isActive = (status: string): number => Number(status !== 'completed' && status !== 'cancelled')

export const TABLES: readonly Table[] = [
  {
    sqlite: 'locks',
    maria: 'held_locks',
    where: 'released_at IS NULL',
    key: 'seq',
    columns: { ...LOCK, was_refused: 'number' },
    ofMaria: (row) => ({
      h: keyHash(textOf(row, 'project_key'), textOf(row, 'resource')),
      project_h: hashOf(textOf(row, 'project_key')),
      session_h: sessionHash(textOf(row, 'session_id')),
      machine_h: machineHash(textOf(row, 'session_id')),
      resource_key: toStored(toResourceKey(textOf(row, 'resource'))),
      is_pattern: Number(isPattern(textOf(row, 'resource'))),
    }),
    ofSqlite: lockOfSqlite,
  },
  {
    sqlite: 'locks',
    maria: 'released_locks',
    where: 'released_at IS NOT NULL',
    key: 'seq',
    columns: { ...LOCK, released_at: 'time', released_by: 'text' },
    ofSqlite: lockOfSqlite,
  },
  {
    sqlite: 'lock_refusals',
    maria: 'lock_refusals',
    key: 'lock_id',
    columns: { lock_id: 'text', session_id: 'text', at: 'time' },
    ofMaria: (row) => ({ session_h: hashOf(textOf(row, 'session_id')) }),
  },
  {
    sqlite: 'components',
    maria: 'components',
    key: 'seq',
    columns: {
      seq: 'number',
      project_key: 'text',
      component: 'text',
      state: 'text',
      version: 'text',
      notes: 'text',
      updated_by: 'text',
      updated_at: 'time',
      effective_at: 'time',
    },
    ofMaria: (row) => ({
      h: keyHash(textOf(row, 'project_key'), textOf(row, 'component')),
      project_h: hashOf(textOf(row, 'project_key')),
    }),
  },
  {
    sqlite: 'workflows',
    maria: 'workflows',
    key: 'seq',
    columns: {
      seq: 'number',
      id: 'text',
      project_key: 'text',
      name: 'text',
      description: 'text',
      status: 'text',
      created_by: 'text',
      created_at: 'time',
      updated_at: 'time',
    },
    ofMaria: (row) => ({
      project_h: hashOf(textOf(row, 'project_key')),
      status_h: hashOf(textOf(row, 'status')),
      is_active: isActive(textOf(row, 'status')),
    }),
  },
  {
    sqlite: 'work_items',
    maria: 'work_items',
    key: 'seq',
    columns: {
      seq: 'number',
      id: 'text',
      workflow_id: 'text',
      project_key: 'text',
      title: 'text',
      status: 'text',
      priority: 'number',
      assignee: 'text',
      created_at: 'time',
      updated_at: 'time',
    },
    ofMaria: (row) => ({
      project_h: hashOf(textOf(row, 'project_key')),
      status_h: hashOf(textOf(row, 'status')),
    }),
  },
  {
    sqlite: 'messages',
    maria: 'messages',
    key: 'seq',
    columns: {
      seq: 'number',
      id: 'text',
      from_session: 'text',
      to_session: 'text',
      project_key: 'text',
      subject: 'text',
      body: 'text',
      reply_to: 'text',
      created_at: 'time',
      read_at: 'time',
      expires_at: 'time',
    },
    ofMaria: (row) => {
      const to = maybeText(row, 'to_session')
      return {
        from_h: sessionHash(textOf(row, 'from_session')),
        to_h: to === null ? null : sessionHash(to),
        machine_h: to === null ? null : machineHash(to),
        project_h: maybeHash(maybeText(row, 'project_key')),
        size: Buffer.byteLength(textOf(row, 'body')),
      }
    },
    ofSqlite: (row) => {
      const to = maybeText(row, 'to_session')
      return {
        from_key: toSessionKey(textOf(row, 'from_session')),
        to_key: to === null ? null : toSessionKey(to),
        machine: to === null ? null : toMachineKey(machineOf(to)),
      }
    },
  },
  {
    sqlite: 'message_marks',
    maria: 'message_marks',
    key: 'message_id',
    columns: { message_id: 'text', session_id: 'text', read_at: 'time' },
    ofMaria: (row) => ({ session_h: sessionHash(textOf(row, 'session_id')) }),
    ofSqlite: (row) => ({ session_key: toSessionKey(textOf(row, 'session_id')) }),
  },
  {
    sqlite: 'call_keys',
    maria: 'call_keys',
    // An earlier version kept their hashes alone, which nothing finds in a file.
    whereMaria: '`key` IS NOT NULL',
    key: 'h',
    columns: {
      key: 'text',
      fingerprint: 'text',
      status: 'number',
      body: 'text',
      message_id: 'text',
      headers: 'text',
      at: 'time',
    },
    ofMaria: (row) => ({ h: keyHash(textOf(row, 'key')) }),
  },
  {
    sqlite: 'changes',
    maria: 'changes',
    key: 'seq',
    columns: {
      seq: 'number',
      kind: 'text',
      act: 'text',
      project_key: 'text',
      id: 'text',
      machine: 'text',
      at: 'time',
    },
  },
  {
    sqlite: 'tokens',
    maria: 'tokens',
    key: 'hash',
    columns: { hash: 'text', machine: 'text', is_admin: 'number', created_at: 'time', revoked_at: 'time' },
    ofMaria: (row) => ({ machine_h: hashOf(toMachineKey(textOf(row, 'machine'))) }),
    ofSqlite: (row) => ({ machine_key: toMachineKey(textOf(row, 'machine')) }),
  },
  {
    sqlite: 'audit',
    maria: 'audit',
    key: 'seq',
    columns: { seq: 'number', at: 'time', caller: 'text', act: 'text', session_id: 'text', what: 'text' },
  },
]
