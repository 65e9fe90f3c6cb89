/** What the window's size and the person's wishes allow. */
import { useSyncExternalStore } from 'react'

function media(query: string) {
  const list = matchMedia(query)
  const subscribe = (listener: () => void): (() => void) => {
    list.addEventListener('change', listener)
    return () => list.removeEventListener('change', listener)
  }
  return () => useSyncExternalStore(subscribe, () => list.matches)
}

/** List and detail stand side by side. */
export const useIsWide = media('(min-width: 960px)')
/** One row has no room for words and acts side by side. */
export const useIsNarrow = media('(max-width: 559px)')
