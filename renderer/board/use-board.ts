/** The whole board: the snapshot's pages, or what the engine has beyond them. */
import { useEffect, useState } from 'react'
import type { OutputOf } from '../../shared/protocol.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { useActs, useSnapshot } from '../data/window.ts'

export type Board = OutputOf<'board.list'>
/** What changes ten times a second is asked for anew at most once in this time. */
const ASK_EVERY_MS = 2_000

/** Whether the snapshot's pages hold all there is. */
const isWhole = ({ components, workflows, totals }: AppSnapshot): boolean =>
  components.length === totals.components &&
  workflows.length === totals.workflows &&
  workflows.every((flow) => flow.items.length === flow.itemsTotal)

/** `isAll` false: there is more, and it is on its way. */
export function useBoard(): { readonly board: Board; readonly isAll: boolean } {
  const acts = useActs()
  const components = useSnapshot((all) => all.components)
  const workflows = useSnapshot((all) => all.workflows)
  const whole = useSnapshot(isWhole)
  const readAt = useSnapshot((all) => all.readAt)
  const [got, setGot] = useState<Board | null>(null)
  const hasAny = got !== null
  useEffect(() => {
    if (whole) return
    let isGone = false
    const timer = setTimeout(
      () =>
        void acts.read('board.list', null).then((answer) => {
          if (!isGone && answer) setGot(answer)
        }),
      hasAny ? ASK_EVERY_MS : 0,
    )
    return () => {
      isGone = true
      clearTimeout(timer)
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what was got says only how soon it is asked for again
  }, [acts, whole, readAt, components, workflows])
  if (whole || got === null) return { board: { components, workflows }, isAll: whole }
  return { board: got, isAll: true }
}
