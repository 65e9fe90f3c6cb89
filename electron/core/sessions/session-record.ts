/**
 * What is known of one session of a tool, folded from an append-only record: hooks of one session run at the same time
 * and are killed at any moment, so nothing is ever rewritten.
 */
import type { EpochMs } from '../../../shared/time.ts'

/** The tool's process and when it started; null where the platform does not tell. */
export interface ToolProcess {
  readonly pid: number
  readonly start: string
}

interface At {
  readonly at: EpochMs
}
export type SessionFact =
  | (At & {
      readonly fact: 'started'
      readonly session: string
      readonly folder: string
      readonly process: ToolProcess | null
    })
  /** The session was seen at work in this folder. */
  | (At & { readonly fact: 'seen'; readonly folder: string })
  /** A claim was made, or waits in the queue. */
  | (At & {
      readonly fact: 'claimed'
      readonly project: string
      readonly resource: string
      readonly lock: string | null
    })
  /**
   * A message was printed into the session; with `inPart` only how to read it. To a build that does not know the difference
   * both are told, and neither is told again.
   */
  | (At & { readonly fact: 'shown'; readonly message: string; readonly inPart?: boolean })
  /** The conversation was cleared: the next one takes the name. */
  | (At & { readonly fact: 'cleared' })
  /** Another conversation of the tool goes on under this one's name. */
  | (At & { readonly fact: 'taken-up'; readonly by: string })
  /**
   * This process of the tool is done with it: it goes on to another session, or with `isOver` it ends. Another may have it open,
   * too.
   */
  | (At & { readonly fact: 'left'; readonly process: ToolProcess; readonly isOver?: boolean })
  /** The session is over, and its release is about to be queued. */
  | (At & { readonly fact: 'ending' })
  /** The release is queued, or another session has the name. */
  | (At & { readonly fact: 'ended' })

/** A process that has the session open, and since when. */
export type OpenIn = ToolProcess & At

export interface ClaimRecord {
  readonly project: string
  readonly resource: string
  /** Null: it waits in a queue. */
  readonly lock: string | null
  readonly at: EpochMs
}

export interface SessionRecord {
  /** The tool's own id of its session. */
  readonly toolSession: string
  /** `MACHINE/NAME` */
  readonly session: string
  /** All the names that it had, this one last: a session that comes back may get another. */
  readonly names: readonly string[]
  /** Every folder that it was seen in, the first one first. */
  readonly folders: readonly string[]
  readonly process: ToolProcess | null
  /** All that started it and did not leave it: one session may be open in two terminals. */
  readonly processes: readonly OpenIn[]
  readonly startedAt: EpochMs
  readonly seenAt: EpochMs
  readonly claims: readonly ClaimRecord[]
  readonly shown: ReadonlySet<string>
  /** Messages of which it was only told how to read them. */
  readonly mentioned: ReadonlySet<string>
  readonly state: 'open' | 'cleared' | 'taken-up' | 'ending' | 'ended'
}

/** What a fact makes of a session; one that is not here, also a newer build's, leaves it as it is. */
const STATE_AFTER: Readonly<Partial<Record<string, SessionRecord['state']>>> = {
  started: 'open',
  cleared: 'cleared',
  'taken-up': 'taken-up',
  ending: 'ending',
  ended: 'ended',
}

export const isSameProcess = (one: ToolProcess, other: ToolProcess): boolean =>
  one.pid === other.pid && one.start === other.start

const without = (processes: readonly OpenIn[], gone: ToolProcess): readonly OpenIn[] =>
  processes.filter((one) => !isSameProcess(one, gone))

/** Null where no `started` is among the facts. Facts are in the order in which they were appended. */
export function foldRecord(toolSession: string, facts: readonly SessionFact[]): SessionRecord | null {
  const first = facts.find((fact) => fact.fact === 'started')
  if (first?.fact !== 'started') return null
  const folders = new Set<string>()
  const names: string[] = []
  const shown = new Set<string>()
  const mentioned = new Set<string>()
  const claims = new Map<string, ClaimRecord>()
  let { session, process } = first
  let processes: readonly OpenIn[] = []
  let state: SessionRecord['state'] = 'open'
  let seenAt = first.at
  for (const fact of facts) {
    // it was open in none by then, and what cleared it may run on in another conversation
    if (fact.fact === 'started' && state !== 'open') processes = []
    state = STATE_AFTER[fact.fact] ?? state
    seenAt = Math.max(seenAt, fact.at)
    if (fact.fact === 'started') {
      ;({ session, process } = fact)
      names.push(session)
      if (process) processes = [...without(processes, process), { ...process, at: fact.at }]
    }
    if (fact.fact === 'left') {
      processes = without(processes, fact.process)
      if (process && isSameProcess(process, fact.process)) process = processes.at(-1) ?? null
      // it was the last of them: its end was cut off if nothing follows
      if (fact.isOver === true && processes.length === 0) state = 'ending'
    }
    if (fact.fact === 'started' || fact.fact === 'seen') folders.add(fact.folder)
    if (fact.fact === 'shown') (fact.inPart === true ? mentioned : shown).add(fact.message)
    if (fact.fact === 'claimed')
      claims.set(`${fact.project}\0${fact.resource}`, {
        project: fact.project,
        resource: fact.resource,
        lock: fact.lock,
        at: fact.at,
      })
  }
  const startedAt = first.at
  return {
    toolSession,
    session,
    names,
    folders: [...folders],
    process,
    processes,
    startedAt,
    seenAt,
    claims: [...claims.values()],
    shown,
    mentioned,
    state,
  }
}

/** Whether its end was seen: what it does later it does as one that came back. */
export const isOver = ({ state }: SessionRecord): boolean => state === 'ending' || state === 'ended'

/**
 * Whether another session goes on under the name of this one: coming back, it needs another. Beside one that is open a cleared
 * one of the name is the one that it took the name of, and did not say so before it was cut off.
 */
export const isNameGone = (records: readonly SessionRecord[], record: SessionRecord): boolean =>
  records.some(
    ({ toolSession, session, state }) =>
      toolSession !== record.toolSession &&
      session === record.session &&
      (state === 'open' || (state === 'cleared' && record.state !== 'open')),
  )

/** Where a process cannot be looked up, a session counts as alive this long after it was last seen. */
const ALIVE_UNSEEN_MS = 12 * 3_600_000

/** A cleared conversation that no other took up within this time is over. */
const CLEARED_MS = 10 * 60_000

const isForgotten = (record: SessionRecord, now: EpochMs): boolean =>
  record.state === 'cleared' && now - record.seenAt > CLEARED_MS

/** Whether a session may still be at work; in doubt it is. */
export function isAlive(
  record: SessionRecord,
  now: EpochMs,
  isRunning: (process: ToolProcess) => boolean | undefined,
): boolean {
  if ((record.state !== 'open' && record.state !== 'cleared') || isForgotten(record, now)) return false
  const running = record.processes.map(isRunning)
  if (running.includes(true)) return true
  const isKnown = running.length > 0 && !running.includes(undefined)
  return !isKnown && now - record.seenAt < ALIVE_UNSEEN_MS
}

/** When a process came to a session the last time; null where it is none of those that have it open. */
const since = ({ processes }: SessionRecord, process: ToolProcess): EpochMs | null =>
  processes.find((one) => isSameProcess(one, process))?.at ?? null

/**
 * Whether a session is open in another process than this one, which ends: a conversation that was resumed in a second terminal
 * is at work in both.
 */
export const isOpenElsewhere = (
  record: SessionRecord,
  ending: ToolProcess,
  isRunning: (process: ToolProcess) => boolean | undefined,
): boolean => record.processes.some((one) => !isSameProcess(one, ending) && isRunning(one) === true)

/** The session that a process is at: of those that it has open the one that it came to last; undefined where it is none. */
export const sessionOf = (
  records: readonly SessionRecord[],
  process: ToolProcess,
): SessionRecord | undefined =>
  records
    .filter((record) => record.state === 'open' && since(record, process) !== null)
    .sort((a, b) => (since(b, process) ?? 0) - (since(a, process) ?? 0))[0]

/** A conversation that begins after a clear. */
export interface Continuing {
  readonly folder: string
  readonly process: ToolProcess | null
  /** The name that its installation gives. */
  readonly pinned: string | null
}

/**
 * The cleared conversations that a new one may go on with, the likeliest first: in the same folder, of the same process
 * where both are known, the one that was cleared last. It goes on under their name: where that is pinned, only of those that
 * have it, for nobody would release what is held under another; else only where no other session is at work under it.
 */
export function clearedBefore(
  records: readonly SessionRecord[],
  { folder, process, pinned }: Continuing,
): readonly SessionRecord[] {
  const isNameRight = ({ session }: SessionRecord): boolean =>
    pinned === null
      ? !records.some((other) => other.state === 'open' && other.session === session)
      : session === pinned
  const mayBeSame = (other: ToolProcess | null): boolean =>
    process === null || other === null || isSameProcess(process, other)
  return records
    .filter((r) => r.state === 'cleared' && r.folders.includes(folder))
    .filter((r) => (r.processes.length > 0 ? r.processes : [r.process]).some(mayBeSame) && isNameRight(r))
    .sort((a, b) => b.seenAt - a.seenAt)
}

/** Sessions that are over and whose release may not have been queued: their end was cut off, or nothing followed a clear. */
export const unfinished = (records: readonly SessionRecord[], now: EpochMs): readonly SessionRecord[] =>
  records.filter((r) => r.state === 'ending' || isForgotten(r, now))
