/** Says that the engine is gone, above everything that may be old by now. */
import { useWindow } from '../data/window.ts'
import { LinkWords } from '../parts/LinkWords.tsx'
import css from './LinkBanner.module.css'

export function LinkBanner() {
  const link = useWindow((state) => state.link)
  if (link === 'up') return null
  return (
    <p className={css.banner} role="alert">
      <LinkWords link={link} isShown />
    </p>
  )
}
