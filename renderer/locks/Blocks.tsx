/** Who blocks whom: who was refused a lock, each with a line to its holder; the sentence below says the same. */
import { nameInMachine } from '../../shared/session.ts'
import { useNow } from '../data/clock.ts'
import type { LockView } from '../../shared/snapshot.ts'
import { Avatar } from '../parts/Chip.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Sentence } from '../parts/Sentence.tsx'
import css from './Blocks.module.css'
import { toLockBar } from './lock-bar.ts'
import { describeBlocks } from './lock-words.ts'
import { waitersOf } from './rows.ts'

const MOST_DRAWN = 5
/** Each box has so much of the drawing's height. */
const STEP = 100

/** Lines from the middle of each box at the left to the middle of the one at the right. */
function Lines({ count }: { readonly count: number }) {
  const height = count * STEP
  return (
    <svg className={css.lines} viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {Array.from({ length: count }, (_, at) => {
        const y = at * STEP + STEP / 2
        return (
          <path
            key={at}
            d={`M0 ${y} C 55 ${y} 45 ${height / 2} 100 ${height / 2}`}
            vectorEffect="non-scaling-stroke"
          />
        )
      })}
    </svg>
  )
}

export function Blocks({ lock }: { readonly lock: LockView }) {
  const now = useNow()
  const waiters = waitersOf(lock)
  const drawn = waiters.slice(0, MOST_DRAWN)
  if (drawn.length === 0) return null
  return (
    <div className={css.blocks}>
      <div className={css.drawing} aria-hidden="true">
        <div className={css.waiters}>
          {drawn.map((name) => (
            <div key={name} className={css.place}>
              <div className={css.box}>
                <Avatar name={name} />
                <Foreign text={name} className={css.name} />
              </div>
            </div>
          ))}
        </div>
        <Lines count={drawn.length} />
        <div className={css.holder}>
          <div className={`${css.box} ${css.holds}`}>
            <Foreign text={nameInMachine(lock.session)} className={css.name} />
            <span className={css.since}>{toLockBar(lock, now).heldWords}</span>
          </div>
        </div>
      </div>
      <p className={css.words}>
        <Sentence words={describeBlocks(lock)} />
      </p>
    </div>
  )
}
