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
      return `The coordination API does not take calls yet (${apiUrl}: ${connection.detail}); they wait and go out by themselves.`
  }
}

/** What to do next; `coord` is the command as it is called here. */
export const nextFact = (coord: string): string =>
  `Next: in a project folder, "${coord} hook install" connects its AI sessions.`

/** Calls `say` once, with the first fact that a snapshot gives. */
export function onceKnown<T>(
  subscribe: (listener: (snapshot: AppSnapshot) => void) => () => void,
  factOf: (snapshot: AppSnapshot) => T | null,
  say: (fact: T) => void,
): void {
  let isSaid = false
  const subscription: { end?: () => void } = {}
  subscription.end = subscribe((snapshot) => {
    const fact = isSaid ? null : factOf(snapshot)
    if (fact === null) return
    isSaid = true
    say(fact)
    subscription.end?.()
  })
  // The very first snapshot may come, and say it, before there is anything to end.
  if (isSaid) subscription.end()
}
