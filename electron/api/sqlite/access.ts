/** Tokens and audit in SQLite. Every function runs inside the caller's transaction. */
import { toMachineKey } from '../../../shared/session.ts'
import { toIso, type EpochMs } from '../../../shared/time.ts'
import { AUDIT_KEPT, type Audited, type Caller, type FoundToken, type Row, type TokenRow } from '../store.ts'
import type { Connection } from './open.ts'
import { toRow, toStored, toText } from './rows.ts'

/** Keeps who did what. */
export function audit(db: Connection, entry: Audited, caller: string | null, at: EpochMs): void {
  db.run(
    'INSERT INTO audit (at, caller, act, session_id, what) VALUES (?, ?, ?, ?, ?)',
    at,
    toStored(caller),
    entry.act,
    toStored(entry.session),
    toStored(entry.what),
  )
}

/** Keeps the hash of a new token. */
export function addToken(db: Connection, token: Caller & { readonly hash: string }, at: EpochMs): void {
  db.run(
    'INSERT INTO tokens VALUES (?, ?, ?, ?, ?, NULL)',
    token.hash,
    toStored(token.machine),
    toStored(toMachineKey(token.machine)),
    Number(token.isAdmin),
    at,
  )
  audit(db, { act: 'token-added', session: null, what: token.machine }, null, at)
}

/** Revokes all tokens of a machine; how many there were. */
export function revokeTokens(db: Connection, machine: string, at: EpochMs): number {
  const revoked = db.run(
    'UPDATE tokens SET revoked_at = ? WHERE machine_key = ? AND revoked_at IS NULL',
    at,
    toStored(toMachineKey(machine)),
  )
  if (revoked > 0) audit(db, { act: 'token-revoked', session: null, what: machine }, null, at)
  return revoked
}

export const listTokens = (db: Connection): TokenRow[] =>
  db.all('SELECT * FROM tokens ORDER BY created_at, hash').map((row) => ({
    machine: toText(row.machine) ?? '',
    isAdmin: Number(row.is_admin) === 1,
    created_at: toIso(Number(row.created_at)),
    revoked_at: row.revoked_at === null ? null : toIso(Number(row.revoked_at)),
  }))

export function findToken(db: Connection, hash: string): FoundToken | undefined {
  const row = db.get('SELECT machine, is_admin, revoked_at FROM tokens WHERE hash = ?', hash)
  return (
    row && {
      machine: toText(row.machine) ?? '',
      isAdmin: Number(row.is_admin) === 1,
      isRevoked: row.revoked_at !== null,
    }
  )
}

export const newestAudit = (db: Connection, limit: number): Row[] =>
  db.all('SELECT at, caller, act, session_id, what FROM audit ORDER BY seq DESC LIMIT ?', limit).map(toRow)

/** Removes what is older than the newest entries; how many went. */
export function cutAudit(db: Connection, most: number): number {
  const last = db.number("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")
  return db.run(
    'DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE seq <= ? ORDER BY seq LIMIT ?)',
    last - AUDIT_KEPT,
    most,
  )
}
