/** What is said where this page cannot reach its program. */
import type { Link } from '../data/window-bridge.ts'

interface LinkWordsProps {
  readonly link: Exclude<Link, 'up'>
  /** Something is shown that may be old. */
  readonly isShown: boolean
}

export function LinkWords({ link, isShown }: LinkWordsProps) {
  if (link === 'refused')
    return (
      <>
        <strong>This page has no valid key.</strong> Open the window from Coord Tray again, or run{' '}
        <code>coord start</code>: the address that it prints carries a new one.
      </>
    )
  return (
    <>
      <strong>Coord Tray does not answer.</strong>{' '}
      {isShown &&
        'What you see may be old, and nothing can be done from here until it is back; queued calls are kept. '}
      It is looked for by itself: start Coord Tray if it was ended.
    </>
  )
}
