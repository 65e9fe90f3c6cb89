/** The whole board: the snapshot's pages, or what the engine has beyond them. */
import { useEffect, useRef, useState } from 'react'
import type { OutputOf } from '../../shared/protocol.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { createAskAgain, type AskAgain } from '../data/ask-again.ts'
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
  const asking = useRef<AskAgain | null>(null)
  useEffect(() => {
    let isGone = false
    const one = createAskAgain(async () => {
      const answer = await acts.read('board.list', null)
      if (!isGone && answer) setGot(answer)
    }, ASK_EVERY_MS)
    asking.current = one
    return () => {
      isGone = true
      one.stop()
    }
  }, [acts])
  // Another picture: the board may be another one.
  useEffect(() => {
    if (!whole) asking.current?.wish()
  }, [acts, whole, readAt, components, workflows])
  if (whole || got === null) return { board: { components, workflows }, isAll: whole }
  return { board: got, isAll: true }
}
