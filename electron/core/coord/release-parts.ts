/** What became of some locks, and of several parts together. */
import type { ReleaseOutcome } from '../../../shared/protocol.ts'

/** What became of the locks of a part. */
export type Part = ReleaseOutcome
export type Refusal = Part['refused'][number]

export const NOTHING: Part = { released: 0, queued: 0, refused: [] }

export const add = (...parts: readonly Part[]): Part => ({
  released: parts.reduce((n, p) => n + p.released, 0),
  queued: parts.reduce((n, p) => n + p.queued, 0),
  refused: parts.flatMap((p) => p.refused),
})

export const refuse = (id: string, holder: string, reason: string): Part => ({
  ...NOTHING,
  refused: [{ id, holder, reason }],
})
