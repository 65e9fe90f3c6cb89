/** History → what a window shows of it. */
import { isOfMachine, type Machine } from '../../../../shared/session.ts'
import type { HistoryView } from '../../../../shared/snapshot.ts'
import { isoOrNull } from '../../coord/staleness.ts'
import type { History, KeptMessage, KeptSent } from '../history-schema.ts'

const iso = (at: number): string => isoOrNull(at) ?? ''

/** Read ones and sent ones, each once, newest first. */
function messagesOf({ messages, sent }: History, server: string, machine: Machine): HistoryView['messages'] {
  const read = new Set(messages.map((m) => m.id))
  const rows: readonly (KeptMessage | (KeptSent & { readonly readAt: null }))[] = [
    ...messages,
    ...sent.filter((m) => !read.has(m.id)).map((m) => ({ ...m, readAt: null })),
  ]
  const timeOf = (m: (typeof rows)[number]): number => m.createdAt ?? m.readAt ?? 0
  return rows
    .filter((m) => m.server === server)
    .sort((a, b) => timeOf(b) - timeOf(a))
    .map(({ id, from, to, project, subject, createdAt, readAt }) => ({
      id,
      from,
      to,
      project,
      subject,
      createdAt: isoOrNull(createdAt),
      readAt: isoOrNull(readAt),
      isSent: isOfMachine(from, machine),
    }))
}

export const toHistoryView = (history: History, server: string, machine: Machine): HistoryView => ({
  messages: messagesOf(history, server, machine),
  locks: history.locks.map((one) => ({ ...one, from: iso(one.from), to: isoOrNull(one.to) })),
  connection: history.connection.map(({ state, from, to }) => ({
    state,
    from: iso(from),
    to: isoOrNull(to),
  })),
  counts: Object.entries(history.counts).map(([path, buckets]) => ({
    path,
    buckets: buckets.map(({ at, delivered, waiting, setAside }) => ({
      at: iso(at),
      delivered,
      waiting,
      setAside,
    })),
  })),
})
