/** Lists of held locks in MariaDB. */
import { toMachineKey } from '../../../shared/session.ts'
import type { ListQuery, Page, Row } from '../store.ts'
import { LOCK_COLUMNS } from './held-locks.ts'
import type { Link } from './link.ts'
import { withRefusals } from './locks.ts'
import { readPage } from './pages.ts'
import { hashOf, toStored, type Stored, type Value } from './rows.ts'

type Query = Extract<ListQuery, { kind: 'locks' }>

/** Held locks in the order of their claims, stale ones included. */
export function listLocks(link: Link, query: Query): Promise<Page> {
  const filters: (readonly [string, Value])[] = []
  if (query.project !== null) filters.push(['project_h = ?', hashOf(query.project)])
  if (query.resource !== null) filters.push(['resource = ?', toStored(query.resource)])
  if (query.machine !== null) filters.push(['machine_h = ?', hashOf(toMachineKey(query.machine))])
  const range = {
    index: indexOf(query),
    where: filters.map(([sql]) => sql),
    values: filters.map(([, value]) => value),
  }
  const source = {
    columns: LOCK_COLUMNS,
    table: 'held_locks',
    kept: {
      row: '(expires_at IS NULL OR expires_at > UTC_TIMESTAMP(3))',
      passed:
        'h NOT IN (SELECT x.h FROM held_locks x FORCE INDEX (held_expiring) WHERE x.expires_at <= UTC_TIMESTAMP(3))',
    },
    ranges: [range],
    toRows: (stored: readonly Stored[]) => withAllRefusals(link, stored),
  }
  return readPage(link, source, query)
}

function indexOf(query: Query): string {
  if (query.resource !== null) return 'held_resource'
  if (query.machine !== null) return 'held_of_machine'
  return query.project === null ? 'held_seq' : 'held_of_project'
}

async function withAllRefusals(link: Link, locks: readonly Stored[]): Promise<Row[]> {
  const refused = locks.filter((lock) => Number(lock.was_refused) !== 0).map((lock) => String(lock.id))
  const found =
    refused.length === 0
      ? []
      : await link.plain(
          `SELECT lock_id, session_id, at FROM lock_refusals WHERE lock_id IN (${refused.map(() => '?').join(', ')}) ORDER BY at, session_id`,
          ...refused,
        )
  const of = Map.groupBy(found, (row) => String(row.lock_id))
  return locks.map((lock) =>
    withRefusals(
      lock,
      (of.get(String(lock.id)) ?? []).map(({ lock_id: _, ...rest }) => rest),
    ),
  )
}
