/** Says that the engine is gone, above everything that may be old by now. */
import { useWindow } from '../data/window.ts'
import css from './LinkBanner.module.css'

export function LinkBanner() {
  const link = useWindow((state) => state.link)
  if (link === 'up') return null
  return (
    <p className={css.banner} role="alert">
      {link === 'lost' ? (
        <>
          <strong>Coord Tray does not answer.</strong> What you see may be old, and nothing can be done from
          here until it is back; queued calls are kept. It is looked for by itself: start Coord Tray if it was
          ended.
        </>
      ) : (
        <>
          <strong>This page has no valid key.</strong> Open the window from Coord Tray again, or run{' '}
          <code>coord start</code>: the address that it prints carries a new one.
        </>
      )}
    </p>
  )
}
