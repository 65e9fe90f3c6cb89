/**
 * The start of a session as a list of appends, each whole or not at all: a start that is cut off between two of them leaves
 * no name that nobody will release.
 */
import type { EpochMs } from '../../../shared/time.ts'
import type { SessionFact, SessionRecord, ToolProcess } from './session-record.ts'

export interface StartStep {
  readonly toolSession: string
  readonly facts: readonly SessionFact[]
}

export interface Starting {
  readonly toolSession: string
  readonly session: string
  readonly folder: string
  readonly process: ToolProcess | null
}

/** `before` is the cleared conversation that goes on in this one; null where it is a new or a resumed one. */
export function startSteps(
  { toolSession, session, folder, process }: Starting,
  before: SessionRecord | null,
  at: EpochMs,
): readonly StartStep[] {
  const started: SessionFact = { at, fact: 'started', session, folder, process }
  if (before === null) return [{ toolSession, facts: [started] }]
  const inherited: SessionFact[] = [
    ...before.folders
      .filter((seen) => seen !== folder)
      .map((seen) => ({ at, fact: 'seen' as const, folder: seen })),
    ...before.claims.map((claim) => ({ ...claim, fact: 'claimed' as const })),
    ...[...before.shown].map((message) => ({ at, fact: 'shown' as const, message })),
    ...[...before.mentioned].map((message) => ({ at, fact: 'shown' as const, message, inPart: true })),
  ]
  return [
    { toolSession, facts: [started, ...inherited] },
    // behind it: until the new one has the name, the old one is what releases it
    { toolSession: before.toolSession, facts: [{ at, fact: 'taken-up', by: toolSession }] },
  ]
}
