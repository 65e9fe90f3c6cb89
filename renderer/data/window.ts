/** What every view reads and acts with, from one context. */
import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import type { Acts } from './acts.ts'
import { fromHash, toHash, type Route } from './routes.ts'
import type { WindowState, WindowStore } from './store.ts'

export interface WindowTools {
  readonly store: WindowStore
  readonly acts: Acts
}
export const WindowContext = createContext<WindowTools | null>(null)

function useTools(): WindowTools {
  const tools = useContext(WindowContext)
  if (!tools) throw new Error('a view stands outside the window')
  return tools
}

/** The store itself, for what follows it without being drawn anew. */
export const useWindowStore = (): WindowStore => useTools().store
export const useActs = (): Acts => useTools().acts
/** A part of what the window knows; the view is drawn anew only when that part changes. */
export const useWindow = <T>(select: (state: WindowState) => T): T => useStore(useTools().store, select)
/** The engine's picture. Views are shown only once there is one. */
export function useSnapshot<T>(select: (snapshot: AppSnapshot) => T): T {
  return useWindow((state) => {
    if (!state.snapshot) throw new Error('a view stands in a window that has no picture yet')
    return select(state.snapshot)
  })
}
/** Reads the engine's picture later, in an act: as it is then. */
export function useReadSnapshot(): () => AppSnapshot | null {
  const { store } = useTools()
  return () => store.getState().snapshot
}
export const useRoute = (): Route => useWindow((state) => state.route)
/** Whether an act can reach the engine. */
export const useCanAct = (): boolean => useWindow((state) => state.link === 'up')

/** Goes to a whole route. */
export function goTo(route: Route): void {
  enter(toHash(route), 'push')
}

/** The place is another one before this returns, so that the next key is for the view that stands there then. */
function enter(hash: string, how: 'push' | 'replace'): void {
  if (hash === location.hash) return
  if (how === 'push') history.pushState(null, '', hash)
  else history.replaceState(null, '', hash)
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}

/**
 * Goes somewhere; what is left out stays as it is (view, project) or is nothing (the thing).
 * `replace`: without a step in the history, as for a selection that moves along.
 */
export function go(to: Partial<Route>, how: 'push' | 'replace' = 'push'): void {
  const { view, project } = fromHash(location.hash)
  enter(toHash({ view, project, id: null, ...to }), how)
}
