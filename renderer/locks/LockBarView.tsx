/** The bar of one lock, with the words beneath. */
import { useNow } from '../data/clock.ts'
import type { LockView } from '../../shared/snapshot.ts'
import css from './LockBarView.module.css'
import { toLockBar } from './lock-bar.ts'

export function LockBarView({ lock }: { readonly lock: LockView }) {
  const now = useNow()
  const { held, staleMark, expiryMark, heldWords, endWords } = toLockBar(lock, now)
  return (
    <div className={css.bar}>
      <div className={css.line} aria-hidden="true">
        {held !== null && (
          <span className={`${css.held} ${lock.isStale ? css.stale : ''}`} style={{ width: `${held}%` }} />
        )}
        {staleMark !== null && <span className={css.staleMark} style={{ left: `${staleMark}%` }} />}
        {expiryMark !== null && <span className={css.expiryMark} style={{ left: `${expiryMark}%` }} />}
      </div>
      <p className={css.words}>
        <span className={css.heldWords}>{heldWords}</span>{' '}
        <span className={lock.isStale ? css.late : undefined}>{endWords}</span>
      </p>
    </div>
  )
}
