/** A view whose code comes when it is first wanted, or when the window has nothing else to do. */
import { createElement, useLayoutEffect, useRef } from 'react'
import type { ViewName } from '../data/routes.ts'
import { useWindow } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import { Empty } from '../parts/Empty.tsx'
import { focusHeadingIfFree } from '../parts/focus.ts'
import { View } from '../parts/View.tsx'
import { useFetched, type Load } from './fetched.ts'
import { VIEWS } from './views.ts'

/** The program ended before this view came from it, or is of another version since: then a new page has its views. */
function NotHere() {
  const isUp = useWindow((state) => state.link === 'up')
  return (
    <div role="status">
      <Empty title="This view could not be fetched">
        {isUp ? (
          <Button isLocal onClick={() => location.reload()}>
            Load the window anew
          </Button>
        ) : (
          <p>It is fetched as soon as Coord Tray answers.</p>
        )}
      </Empty>
    </div>
  )
}

export function LazyView({ view, load }: { readonly view: ViewName; readonly load: Load }) {
  const hadFocus = useRef(false)
  const shown = useFetched(load, () => {
    hadFocus.current = document.activeElement?.matches('main h1') ?? false
  })
  // The heading that had the focus was the one of the empty view. A list that was wished for has it by now.
  useLayoutEffect(() => {
    if (typeof shown !== 'string' && hadFocus.current) focusHeadingIfFree()
    hadFocus.current = false
  }, [shown])
  if (typeof shown !== 'string') return createElement(shown)
  return (
    <View title={VIEWS[view].title}>
      {shown === 'coming' ? <div data-coming aria-busy="true" /> : <NotHere />}
    </View>
  )
}
