/** The whole board: the snapshot's pages, or what the engine has beyond them. */
import { useCallback, useEffect, useState } from 'react'
import type { OutputOf } from '../../shared/protocol.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { useThrottled, type IsGone } from '../data/use-throttled.ts'
import { useActs, useSnapshot } from '../data/window.ts'

export type Board = OutputOf<'board.list'>

/** Whether the snapshot's pages hold all there is. */
const isWhole = ({ components, workflows, totals }: AppSnapshot): boolean =>
  components.length === totals.components &&
  workflows.length === totals.workflows &&
  workflows.every((flow) => flow.items.length === flow.itemsTotal)

export interface BoardRead {
  readonly board: Board
  /** What the snapshot has of it. */
  readonly page: Board
  /** False: there is more, and it is on its way. */
  readonly isAll: boolean
}

export function useBoard(): BoardRead {
  const acts = useActs()
  const components = useSnapshot((all) => all.components)
  const workflows = useSnapshot((all) => all.workflows)
  const whole = useSnapshot(isWhole)
  const readAt = useSnapshot((all) => all.readAt)
  const [got, setGot] = useState<Board | null>(null)
  const ask = useCallback(
    async (isGone: IsGone) => {
      const answer = await acts.read('board.list', null)
      if (!isGone() && answer) setGot(answer)
    },
    [acts],
  )
  const want = useThrottled(ask)
  // Another picture: the board may be another one.
  useEffect(() => {
    if (!whole) want()
  }, [ask, want, whole, readAt, components, workflows])
  const page = { components, workflows }
  if (whole || got === null) return { board: page, page, isAll: whole }
  return { board: got, page, isAll: true }
}
