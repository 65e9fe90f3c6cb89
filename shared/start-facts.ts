/** What a person who has just started the program wants to know, one line a fact. */
import type { AppSnapshot } from './snapshot.ts'

/** Where the coordination API is; null while that is not known yet. */
export function apiFact({
  apiUrl,
  isServedHere,
  connection,
}: Pick<AppSnapshot, 'apiUrl' | 'isServedHere' | 'connection'>): string | null {
  switch (connection.state) {
    case 'connecting':
      return null
    case 'online':
      return isServedHere
        ? `The coordination API is served here: ${apiUrl}`
        : `The coordination API answers at ${apiUrl}`
    case 'offline':
    case 'degraded':
    case 'wrong-answer':
      return connection.detail
  }
}

/** What to do next; `coord` is the command as it is called here. */
export const nextFact = (coord: string): string =>
  `Next: in a project folder, "${coord} hook install" connects its AI sessions.`

/** A start takes a moment: what is not there yet is no news before that. */
const PATIENCE_MS = 3_000

export interface ApiNews {
  readonly subscribe: (listener: (snapshot: AppSnapshot) => void) => () => void
  /** `isFirst`: nothing was said before. */
  readonly say: (fact: string, isFirst: boolean) => void
  /** Gives what cancels the task. */
  readonly clock: { schedule(delayMs: number, task: () => void): () => void }
}

/** Says where the API is as soon as it answers; before that once why it does not, where that lasts. */
export function sayWhereApiIs({ subscribe, say, clock }: ApiNews): void {
  let isSaid = false
  let isOver = false
  let trouble = ''
  let cancel: (() => void) | undefined
  const subscription: { end?: () => void } = {}
  const tell = (fact: string): void => {
    say(fact, !isSaid)
    isSaid = true
  }
  subscription.end = subscribe((snapshot) => {
    const fact = apiFact(snapshot)
    if (isOver || fact === null) return
    if (snapshot.connection.state !== 'online') {
      trouble = fact
      cancel ??= clock.schedule(PATIENCE_MS, () => tell(trouble))
      return
    }
    isOver = true
    cancel?.()
    tell(fact)
    subscription.end?.()
  })
  // The very first snapshot may come, and say it, before there is anything to end.
  if (isOver) subscription.end()
}
