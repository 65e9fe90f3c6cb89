/** History → what a window shows of it. */
import type { HistoryView } from '../../../../shared/snapshot.ts'
import { isoOrNull } from '../../coord/staleness.ts'
import type { History } from '../history.ts'

const iso = (at: number): string => isoOrNull(at) ?? ''

export const toHistoryView = ({ messages, locks, counts }: History, server: string): HistoryView => ({
  messages: messages
    .filter((m) => m.server === server)
    .toReversed()
    .map(({ id, from, to, project, subject, createdAt, readAt }) => ({
      id,
      from,
      to,
      project,
      subject,
      createdAt: isoOrNull(createdAt),
      readAt: iso(readAt),
    })),
  locks: locks.map((one) => ({ ...one, from: iso(one.from), to: isoOrNull(one.to) })),
  counts: Object.entries(counts).map(([path, buckets]) => ({
    path,
    buckets: buckets.map((one) => ({ ...one, at: iso(one.at) })),
  })),
})
