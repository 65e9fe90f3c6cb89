/** The window's views: how each is called, what its number counts, and the key that opens it. */
import {
  Activity,
  CircleCheck,
  Columns3,
  Lock,
  MessageSquare,
  Send,
  Settings,
  type LucideIcon,
} from 'lucide-react'
import { counted, toCount } from '../../shared/text.ts'
import { isPressing } from '../../shared/attention.ts'
import { troubleOfState } from '../../shared/component-state.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { isCut, shownNeeds, toNeeds } from '../now/needs.ts'
import type { ViewName } from '../data/routes.ts'

interface ViewFacts {
  readonly title: string
  readonly icon: LucideIcon
  /** `g` and then this one. */
  readonly key: string
}
export const VIEWS: Readonly<Record<ViewName, ViewFacts>> = {
  now: { title: 'Now', icon: Activity, key: 'n' },
  queue: { title: 'Queue', icon: Send, key: 'q' },
  messages: { title: 'Messages', icon: MessageSquare, key: 'm' },
  locks: { title: 'Locks', icon: Lock, key: 'l' },
  board: { title: 'Board', icon: Columns3, key: 'b' },
  check: { title: 'Check', icon: CircleCheck, key: 'c' },
  settings: { title: 'Settings', icon: Settings, key: 's' },
}
/** The views of the work, and those of the program. */
export const WORK_VIEWS = [
  'now',
  'queue',
  'messages',
  'locks',
  'board',
] as const satisfies readonly ViewName[]
export const PROGRAM_VIEWS = ['check', 'settings'] as const satisfies readonly ViewName[]

export interface Count {
  readonly n: number
  /** The number with what it counts. */
  readonly words: string
  /** It needs a person. */
  readonly isHot: boolean
}

type Counted = Pick<AppSnapshot, 'attention' | 'totals' | 'components' | 'readAt'>

/** What a view's number counts; null: nothing is counted, or it was not read yet. `going`: rows that an act will take away. */
export function countOf(
  view: ViewName,
  { attention, totals, components, readAt }: Counted,
  going: ReadonlySet<string>,
): Count | null {
  const { waiting, setAside, unread, locksMine } = totals
  switch (view) {
    case 'now': {
      const isHot = attention.some(isPressing)
      const n = shownNeeds(toNeeds(attention), going).length
      const atLeast = isCut(attention) ? 'at least ' : ''
      return { n, words: `${atLeast}${counted(n, 'thing needs', 'things need')} you`, isHot }
    }
    case 'queue':
      return {
        n: waiting + setAside,
        words: `${toCount(waiting)} waiting, ${toCount(setAside)} set aside`,
        isHot: setAside > 0,
      }
    case 'messages':
      return readAt === null ? null : { n: unread, words: `${toCount(unread)} unread`, isHot: false }
    case 'locks':
      return readAt === null
        ? null
        : { n: locksMine, words: `${toCount(locksMine)} held by this machine`, isHot: false }
    case 'board': {
      const n = components.filter((one) => troubleOfState(one.state) !== null).length
      // The picture has the first ones only, those in trouble before all others: where all of them are, there are more.
      const isMore = n === components.length && totals.components > n
      const words = `${isMore ? 'at least ' : ''}${counted(n, 'component')} failed or in trouble`
      return { n, words, isHot: n > 0 }
    }
    case 'check':
    case 'settings':
      return null
  }
}
