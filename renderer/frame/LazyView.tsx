/** A view whose code comes when it is first wanted, or when the window has nothing else to do. */
import { createElement, useEffect, useLayoutEffect, useReducer, useRef, type ComponentType } from 'react'
import type { ViewName } from '../data/routes.ts'
import { useWindow } from '../data/window.ts'
import { focusHeadingIfFree } from '../parts/focus.ts'
import { View } from '../parts/View.tsx'
import { VIEWS } from './views.ts'

export type LoadView = () => Promise<ComponentType>

const loaded = new Map<LoadView, ComponentType>()

/** Where it cannot be had, the engine is gone, and the frame says so. */
export async function fetchView(load: LoadView): Promise<void> {
  const known = loaded.get(load)
  if (known) return
  try {
    loaded.set(load, await load())
  } catch {
    // Asked again with the link.
  }
}

/** Fetches them all once nothing else is to be done: a view that is opened then is there at once. */
export function useFetchedViews(all: readonly LoadView[]): void {
  useEffect(() => {
    const timer = requestIdleCallback(() => void Promise.all(all.map(fetchView)), { timeout: 1_000 })
    return () => cancelIdleCallback(timer)
  }, [all])
}

export function LazyView({ view, load }: { readonly view: ViewName; readonly load: LoadView }) {
  const link = useWindow((state) => state.link)
  const [, draw] = useReducer((n: number) => n + 1, 0)
  const hadFocus = useRef(false)
  const Shown = loaded.get(load)
  useEffect(() => {
    if (Shown) return
    let isGone = false
    void fetchView(load).then(() => {
      if (isGone) return
      hadFocus.current = document.activeElement?.matches('main h1') ?? false
      draw()
    })
    return () => void (isGone = true)
  }, [load, Shown, link])
  // The heading that had the focus was the one of the empty view. A list that was wished for has it by now.
  useLayoutEffect(() => {
    if (Shown && hadFocus.current) focusHeadingIfFree()
    hadFocus.current = false
  }, [Shown])
  if (Shown) return createElement(Shown)
  return (
    <View title={VIEWS[view].title}>
      <div data-coming aria-busy="true" />
    </View>
  )
}
