/** Every message that is known: the unread ones of the engine, those that were read, and what went while the view was open. */
import { useMemo, useState } from 'react'
import { useWhole } from '../data/use-asked.ts'
import { useHistory } from '../data/use-history.ts'
import { useActs, useSnapshot } from '../data/window.ts'
import { toLetters, type Letter } from './conversations.ts'

export interface Letters {
  readonly all: ReadonlyMap<string, Letter>
  /** All unread ones are there, and what was read before, too. */
  readonly isWhole: boolean
  /** All unread ones are there. */
  readonly hasUnread: boolean
}

const none: ReadonlyMap<string, Letter> = new Map()

/** `sent`: how many messages were sent from this view; another number asks for them. */
export function useLetters(sent: number): Letters {
  const acts = useActs()
  const page = useSnapshot((all) => all.messages)
  const total = useSnapshot((all) => all.totals.messages)
  const revision = useSnapshot((all) => all.revision)
  const machine = useSnapshot((all) => all.machine)
  const asking = useMemo(() => ({ run: acts.read }), [acts])
  const unread = useWhole(asking, 'messages.list', page, total, revision)
  // What left the list of unread ones was read: the history has it.
  const history = useHistory(`${sent} ${total} ${page[0]?.id ?? ''}`)
  const [known, setKnown] = useState(none)
  const [made, setMade] = useState<{ revision: number; count: number; history: unknown } | null>(null)
  // Joined anew only when something came in; kept as state, for what goes from both lists stays in view.
  if (made?.revision !== revision || made.count !== unread.length || made.history !== history) {
    setMade({ revision, count: unread.length, history })
    setKnown(toLetters(unread, history?.messages ?? [], known, machine))
  }
  const hasUnread = unread.length >= total
  return { all: known, isWhole: history !== undefined && hasUnread, hasUnread }
}
