import type { AppSnapshot } from '../../shared/snapshot.ts'
import type { Acts } from './acts.ts'
import type { TabName } from '../data/store.ts'

/** What every view is given. */
export interface ViewProps {
  readonly snapshot: AppSnapshot
  readonly now: number
  readonly acts: Acts
  readonly show: (tab: TabName) => void
}
