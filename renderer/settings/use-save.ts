/** Saves a change of the settings at once, and tells of it with the way back. */
import { useActs, useReadSnapshot } from '../data/window.ts'
import type { Step } from './change.ts'

/** Whether it was saved. */
export type Save = (step: Step) => Promise<boolean>

export function useSave(): Save {
  const acts = useActs()
  const read = useReadSnapshot()
  return async ({ change, back, said }) => {
    const done = await acts.run('settings.update', change)
    if (done === undefined) return false
    acts.undoable(said, () => {
      const then = read()?.settings
      if (then) void acts.run('settings.update', back(then), 'That is as it was before.')
    })
    return true
  }
}
