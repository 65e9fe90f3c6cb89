/** What a view asks for beyond the snapshot: the rest of a list whose first page the snapshot has. */
import { useEffect, useState } from 'react'
import type { InputOf, OutputOf } from '../../shared/protocol.ts'
import type { Run } from './acts.ts'

interface Asking {
  readonly run: Run
}

const PAGE_ROWS = 1_000
/** A list that changes ten times a second is asked for anew at most once in this time. */
const ASK_EVERY_MS = 2_000

type Lists = 'messages.list' | 'locks.list'
type Row<K extends Lists> = OutputOf<K>['rows'][number]

/** The whole list: the snapshot's page, followed by what the engine has beyond it. */
export function useWhole<K extends Lists>(
  acts: Asking,
  name: K,
  page: readonly Row<K>[],
  total: number,
  revision: number,
): Row<K>[] {
  const [rest, setRest] = useState<readonly Row<K>[]>([])
  const hasMore = total > page.length
  const round = hasMore ? revision : -1
  useEffect(() => {
    if (round < 0) return
    let isGone = false
    const ask = async (): Promise<void> => {
      const rows: Row<K>[] = []
      for (let offset = 0; offset < total; offset += PAGE_ROWS) {
        const page: InputOf<Lists> = { offset, limit: PAGE_ROWS }
        const got = await acts.run<Lists>(name, page)
        if (isGone || got === undefined) return
        rows.push(...(got.rows as Row<K>[]))
      }
      setRest(rows)
    }
    const timer = setTimeout(() => void ask(), rest.length === 0 ? 0 : ASK_EVERY_MS)
    return () => {
      isGone = true
      clearTimeout(timer)
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- a new revision, not a new array, is what asks again
  }, [acts, name, round])
  if (!hasMore) return [...page]
  const known = new Set(page.map((row) => row.id))
  return [...page, ...rest.filter((row) => !known.has(row.id))]
}
