/** What a view asks for beyond the snapshot: the rest of a list whose first page the snapshot has. */
import { useCallback, useEffect, useState } from 'react'
import type { InputOf, OutputOf } from '../../shared/protocol.ts'
import type { Run } from './acts.ts'
import { useThrottled, type IsGone } from './use-throttled.ts'

interface Asking {
  readonly run: Run
}

const PAGE_ROWS = 1_000

type Lists = 'messages.list' | 'locks.list'
type Row<K extends Lists> = OutputOf<K>['rows'][number]

/** Every row of a list, each once, page by page; undefined where it could not be had to its end. */
export async function readWhole<K extends Lists>(run: Run, name: K): Promise<readonly Row<K>[] | undefined> {
  const rows = new Map<string, Row<K>>()
  for (let offset = 0, total = 1; offset < total; offset += PAGE_ROWS) {
    const page: InputOf<Lists> = { offset, limit: PAGE_ROWS }
    const got = await run<Lists>(name, page)
    if (got === undefined) return undefined
    for (const row of got.rows as Row<K>[]) rows.set(row.id, row)
    total = got.total
  }
  return [...rows.values()]
}

/** The whole list: the snapshot's page, followed by what the engine has beyond it. */
export function useWhole<K extends Lists>(
  { run }: Asking,
  name: K,
  page: readonly Row<K>[],
  total: number,
  revision: number,
): Row<K>[] {
  const [rest, setRest] = useState<readonly Row<K>[]>([])
  const hasMore = total > page.length
  const round = hasMore ? revision : -1
  const ask = useCallback(
    async (isGone: IsGone) => {
      const rows = await readWhole(run, name)
      if (!isGone() && rows !== undefined) setRest(rows)
    },
    [run, name],
  )
  const want = useThrottled(ask)
  useEffect(() => {
    if (round >= 0) want()
  }, [ask, want, round])
  if (!hasMore) return [...page]
  const known = new Set(page.map((row) => row.id))
  return [...page, ...rest.filter((row) => !known.has(row.id))]
}
