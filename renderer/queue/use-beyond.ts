/** Calls beyond the snapshot's pages: those that ended, as soon as their section is looked at; those that wait, page by page. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { CallRow, WaitingRow, WorkspaceView } from '../../shared/snapshot.ts'
import { useThrottled, type IsGone } from '../data/use-throttled.ts'
import { useActs } from '../data/window.ts'
import { joinWaiting, type Beyond, type End } from './queue-rows.ts'

/** What one answer lists at most. */
const LISTED = 1_000
const OVERLAP = 400

type Ended = ReadonlyMap<string, readonly CallRow[]>

const countOf = (end: End, one: WorkspaceView): number =>
  end === 'set-aside' ? one.setAsideCount : one.skippedCount
const pageOf = (end: End, one: WorkspaceView): number =>
  (end === 'set-aside' ? one.setAside : one.skipped).length

function useEnded(end: End, workspaces: readonly WorkspaceView[], isWanted: boolean): Ended {
  const acts = useActs()
  const [got, setGot] = useState<Ended>(new Map())
  const wanted = isWanted ? workspaces.filter((one) => countOf(end, one) > pageOf(end, one)) : []
  const key = JSON.stringify(wanted.map((one) => [one.path, countOf(end, one)]))
  const paths = useRef<readonly string[]>([])
  const ask = useCallback(
    async (isGone: IsGone) => {
      for (const workspace of paths.current) {
        const answer = await acts.read('queue.list', { workspace, end, limit: LISTED })
        if (isGone()) return
        // Newest last, as they were queued.
        if (answer) setGot((was) => new Map(was).set(workspace, [...answer.calls].reverse()))
      }
    },
    [acts, end],
  )
  const want = useThrottled(ask)
  // Other counts: other calls.
  useEffect(() => {
    paths.current = (JSON.parse(key) as [string, number][]).map(([path]) => path)
    if (paths.current.length > 0) want()
  }, [ask, want, key])
  return got
}

interface Waiting {
  readonly waiting: Beyond['waiting']
  /** Asks for the next page of a folder. */
  readonly more: (workspace: WorkspaceView) => void
}

function useWaiting(): Waiting {
  const acts = useActs()
  const [waiting, setWaiting] = useState<Beyond['waiting']>(new Map())
  const asking = useRef(new Set<string>())
  const more = useCallback(
    (workspace: WorkspaceView): void => {
      const { path, next } = workspace
      if (asking.current.has(path)) return
      asking.current.add(path)
      const known = joinWaiting(next, waiting.get(path) ?? [], workspace.waiting)
      // Calls are sent meanwhile and the others move up: the pages overlap, so that none falls between them.
      const offset = Math.max(0, known.length - OVERLAP)
      void acts.read('queue.waiting', { workspace: path, offset, limit: LISTED }).then((got) => {
        asking.current.delete(path)
        if (!got) return
        const last = known.at(-1)?.id
        const at = got.rows.findIndex((call) => call.id === last)
        // Where they do not, the rows that are known stay as they are, and it is asked again.
        if (at < 0 && offset > 0) return
        const rows: readonly WaitingRow[] = at < 0 ? got.rows : [...known, ...got.rows.slice(at + 1)]
        setWaiting((was) => new Map(was).set(path, rows))
      })
    },
    [acts, waiting],
  )
  return { waiting, more }
}

/** `isSkippedWanted`: the skipped ones are looked at. */
export function useBeyond(
  workspaces: readonly WorkspaceView[],
  isSkippedWanted: boolean,
): { readonly beyond: Beyond; readonly more: Waiting['more'] } {
  const aside = useEnded('set-aside', workspaces, true)
  const skipped = useEnded('skipped', workspaces, isSkippedWanted)
  const { waiting, more } = useWaiting()
  const beyond = useMemo<Beyond>(
    () => ({ ended: { 'set-aside': aside, skipped }, waiting }),
    [aside, skipped, waiting],
  )
  return { beyond, more }
}
