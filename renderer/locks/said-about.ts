/** What was said about a lock: messages that name its resource. Pure. */
import type { HistoryView, MessageView } from '../../shared/snapshot.ts'

export interface Said {
  readonly id: string
  readonly from: string
  readonly subject: string
  readonly createdAt: string | null
}

const MOST = 3
/** A shorter name stands in too many subjects that mean something else. */
const SHORTEST = 3

/** The newest ones, newest first; each message once. */
export function saidAbout(
  resource: string,
  unread: readonly MessageView[],
  past: HistoryView['messages'],
): readonly Said[] {
  const name = resource.toLowerCase()
  if (name.length < SHORTEST) return []
  const found = new Map<string, Said>()
  for (const { id, from, subject, createdAt } of [...unread, ...past])
    if (subject.toLowerCase().includes(name) && !found.has(id))
      found.set(id, { id, from, subject, createdAt })
  return [...found.values()]
    .sort((a, b) => (b.createdAt ?? '').localeCompare(a.createdAt ?? ''))
    .slice(0, MOST)
}
