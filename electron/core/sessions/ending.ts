/**
 * The end of a session as a list of steps: whatever cuts it off leaves a beginning of the list done, and the next hook of
 * any session does the rest. The release is queued before anything that may take long.
 */
import type { EpochMs } from '../../../shared/time.ts'
import {
  isAlive,
  isOpenElsewhere,
  isOver,
  unfinished,
  type SessionFact,
  type SessionRecord,
  type ToolProcess,
} from './session-record.ts'

export type EndStep =
  | { readonly step: 'note'; readonly toolSession: string; readonly fact: 'cleared' | 'ending' | 'ended' }
  /** Appends the release of all that a session holds to the queue of this folder; null is the app's own queue. */
  | { readonly step: 'queue-release'; readonly session: string; readonly folder: string | null }

export interface EndFacts {
  readonly records: readonly SessionRecord[]
  readonly now: EpochMs
  readonly isRunning: (process: ToolProcess) => boolean | undefined
  /** Whether the queue of a folder may hold calls: what a session queued must not come after its release. */
  mayHoldCalls(folder: string | null): boolean
  /** Whether the folder is still there: a work tree that is removed must not come back with a queue in it. */
  isThere(folder: string): boolean
}

interface Ending {
  readonly toolSession: string
  readonly session: string
  /** Every folder that the session was seen in, the first one first. */
  readonly folders: readonly string[]
  /** The process that ends; absent where it is not known, or does not matter. */
  readonly process?: ToolProcess | null
}

/** A name that another living session has, too (it was pinned), is not released with this one. */
const isNameInUse = ({ records, now, isRunning }: EndFacts, { session, toolSession }: Ending): boolean =>
  records.some(
    (other) =>
      other.session === session && other.toolSession !== toolSession && isAlive(other, now, isRunning),
  )

/** The folders of a session, and of all that had its name: what they queued must not come after its release either. */
export const foldersOf = (
  records: readonly SessionRecord[],
  { session, folders }: Pick<SessionRecord, 'session' | 'folders'>,
): readonly string[] => [
  ...new Set([
    ...folders,
    ...records.flatMap((other) => (other.names.includes(session) ? other.folders : [])),
  ]),
]

/**
 * The release of its name, and of those that it had before: it may have been given another while it was at work, or its end
 * have been cut off before it came back under another.
 */
function releaseSteps(facts: EndFacts, ending: Ending): readonly EndStep[] {
  const before = facts.records.find(({ toolSession }) => toolSession === ending.toolSession)?.names ?? []
  const names = new Set([ending.session, ...before])
  return [...names].flatMap((session) => releaseOne(facts, { ...ending, session }))
}

function releaseOne(facts: EndFacts, ending: Ending): readonly EndStep[] {
  if (isNameInUse(facts, ending)) return []
  const there = foldersOf(facts.records, ending).filter((folder) => facts.isThere(folder))
  const holding = [...there, null].filter((folder) => facts.mayHoldCalls(folder))
  const chosen = holding.length > 0 ? holding : [there[0] ?? null]
  return chosen.map((folder) => ({ step: 'queue-release', session: ending.session, folder }))
}

/** Whether it matters which process ends: else it is not looked up. */
export const isLeft = (record: SessionRecord, reason: string): boolean =>
  reason === 'resume' || record.processes.length > 1

/**
 * What a process says first that is done with a session: it goes on to another one, or the session was open in several. Each
 * says so before it looks, so that one of them is the last.
 */
export function leaving(
  record: SessionRecord,
  process: ToolProcess,
  reason: string,
  { isRunning, now: at }: Pick<EndFacts, 'isRunning' | 'now'>,
): SessionFact | null {
  if (!isLeft(record, reason)) return null
  // the next conversation goes on under its name, in this very process
  if (reason === 'clear' && !isOpenElsewhere(record, process, isRunning)) return null
  return { at, fact: 'left', process, isOver: reason !== 'resume' }
}

/** A session's end, for the reason that its tool gives. */
export function endSteps(facts: EndFacts, ending: Ending, reason: string): readonly EndStep[] {
  const note = (fact: 'cleared' | 'ending' | 'ended'): EndStep => ({
    step: 'note',
    toolSession: ending.toolSession,
    fact,
  })
  const record = facts.records.find((one) => one.toolSession === ending.toolSession)
  if (record && ending.process && isOpenElsewhere(record, ending.process, facts.isRunning)) return []
  // one that is over, and whose start since left no word, has no name for the next to go on under: another may have it by now
  const isOpen = record !== undefined && !isOver(record)
  if (reason === 'clear') return isOpen ? [note('cleared')] : []
  // the person looks at another conversation, and may come back to this one under its name
  if (reason === 'resume') return []
  return [note('ending'), ...releaseSteps(facts, ending), note('ended')]
}

/** What other sessions' hooks left undone: for each, the steps that are left. */
export function leftOver(
  facts: EndFacts,
): readonly { readonly of: SessionRecord; readonly steps: readonly EndStep[] }[] {
  return unfinished(facts.records, facts.now).map((of) => ({
    of,
    steps: [...releaseSteps(facts, of), { step: 'note', toolSession: of.toolSession, fact: 'ended' }],
  }))
}
