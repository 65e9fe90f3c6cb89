/** Tokens and audit in MariaDB. */
import { toMachineKey } from '../../../shared/session.ts'
import { AUDIT_KEPT, type Audited, type Caller, type FoundToken, type Row, type TokenRow } from '../store.ts'
import type { Link } from './link.ts'
import { hashOf, toRow, toStored, toText, toTime } from './rows.ts'
import type { Transaction } from './transaction.ts'

/** Keeps who did what. */
export async function audit(tx: Transaction, entry: Audited, caller: string | null): Promise<void> {
  await tx.run(
    'INSERT INTO audit (at, caller, act, session_id, what) VALUES (?, ?, ?, ?, ?)',
    toTime(await tx.now()),
    toStored(caller),
    entry.act,
    toStored(entry.session),
    toStored(entry.what),
  )
}

/** Keeps the hash of a new token. */
export async function addToken(tx: Transaction, token: Caller & { readonly hash: string }): Promise<void> {
  await tx.run(
    'INSERT INTO tokens VALUES (?, ?, ?, ?, ?, NULL)',
    token.hash,
    toStored(token.machine),
    hashOf(toMachineKey(token.machine)),
    Number(token.isAdmin),
    toTime(await tx.now()),
  )
  await audit(tx, { act: 'token-added', session: null, what: token.machine }, null)
}

/** Revokes all tokens of a machine; how many there were. */
export async function revokeTokens(tx: Transaction, machine: string): Promise<number> {
  const revoked = await tx.run(
    'UPDATE tokens SET revoked_at = ? WHERE machine_h = ? AND revoked_at IS NULL',
    toTime(await tx.now()),
    hashOf(toMachineKey(machine)),
  )
  if (revoked > 0) await audit(tx, { act: 'token-revoked', session: null, what: machine }, null)
  return revoked
}

export const listTokens = async (link: Link): Promise<TokenRow[]> =>
  (
    await link.all('SELECT machine, is_admin, created_at, revoked_at FROM tokens ORDER BY created_at, hash')
  ).map(({ is_admin, revoked_at, ...row }) => ({
    machine: toText(row.machine) ?? '',
    isAdmin: Number(is_admin) === 1,
    created_at: String(toRow({ created_at: row.created_at ?? null }).created_at),
    revoked_at: revoked_at === null ? null : String(toRow({ read_at: revoked_at ?? null }).read_at),
  }))

export async function findToken(link: Link, hash: string): Promise<FoundToken | undefined> {
  const row = await link.get('SELECT machine, is_admin, revoked_at FROM tokens WHERE hash = ?', hash)
  return (
    row && {
      machine: toText(row.machine) ?? '',
      isAdmin: Number(row.is_admin) === 1,
      isRevoked: row.revoked_at !== null,
    }
  )
}

export const newestAudit = async (link: Link, limit: number): Promise<Row[]> =>
  (
    await link.all(
      `SELECT at, caller, act, session_id, what FROM audit ORDER BY seq DESC LIMIT ${Math.trunc(limit)}`,
    )
  ).map(toRow)

/** Removes what is older than the newest entries; how many went. */
export const cutAudit = async (link: Link, most: number): Promise<number> =>
  link.run(
    `DELETE FROM audit WHERE seq <= ? ORDER BY seq LIMIT ${most}`,
    (await link.number('SELECT MAX(seq) FROM audit')) - AUDIT_KEPT,
  )
