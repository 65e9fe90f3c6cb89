import type { AppSnapshot } from '../../shared/snapshot.ts'
import type { Acts } from '../data/acts.ts'
import type { ViewName } from '../data/routes.ts'

/** What every view is given. */
export interface ViewProps {
  readonly snapshot: AppSnapshot
  readonly now: number
  readonly acts: Acts
  readonly show: (tab: ViewName) => void
}
