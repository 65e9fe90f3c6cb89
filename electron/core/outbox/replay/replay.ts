/** Sends what is claimed, segment by segment, in file order. One call in flight, or one a lane. */
import type { FsError } from '../../ports.ts'
import type { DeliveredRecord } from '../segments/ledger-records.ts'
import { ReadFault, type Segment } from '../segments/segment.ts'
import { noteUnsent } from './after-answer.ts'
import { createBacklog } from './backlog.ts'
import { createComponentHistory } from './component-history.ts'
import { createDrainLocks } from './drain-locks.ts'
import { createRecent } from './recent-deliveries.ts'
import { ReadyCall, type ReadyDeps } from './ready-call.ts'
import { createEndRecorder, type EndedCall } from './record-end.ts'
import { replaySegment, type SegmentDeps } from './replay-segment.ts'
import type { SendDeps } from './send-call.ts'

/** After this long without a call ending in it, a segment is not looked at for late lines before each newer one. */
const LATE_LINES_MS = 10 * 60_000

export type ReplayResult = 'done' | 'paused' | 'fault' | 'stopped'

export interface ReplayDeps
  extends
    Pick<SendDeps, 'clock' | 'random' | 'connection' | 'commit' | 'onSending' | 'lanes'>,
    Pick<ReadyDeps, 'keys' | 'isOwner'>,
    Pick<SegmentDeps, 'isStopping' | 'between' | 'quietMs' | 'tornMs'> {
  segments(): readonly Segment[]
  /** Bytes of a segment could not be read: nothing more is sent from it now. */
  readFault(error: FsError): void
  /** A call has its end; told once. */
  onEnd(ended: EndedCall): void
}

export interface Replay {
  run(): Promise<ReplayResult>
  /** Nothing waits in the segments: what is claimed next is another drain. */
  beginDrain(): void
  /** Counts what a segment holds, from where it stopped. Throws a ReadFault. */
  index(segment: Segment): Promise<void>
  /** Told of each delivery that a segment takes in. */
  observe(segment: Segment, record: DeliveredRecord): void
  /** Forgets what was learnt from the segments; they are read afresh. */
  reset(): void
}

export function createReplay(deps: ReplayDeps): Replay {
  const { clock } = deps
  const recent = createRecent()
  const history = createComponentHistory()
  const drainLocks = createDrainLocks(deps.random)
  const backlog = createBacklog()
  const beginDrain = (): void => [history, drainLocks, backlog].forEach((part) => part.beginDrain())
  const segmentDeps: SegmentDeps = {
    ...deps,
    recent,
    history,
    drainLocks,
    backlog,
    ends: createEndRecorder({ clock, backlog, drainLocks, onEnd: (ended) => deps.onEnd(ended) }),
    ready: new ReadyCall({ clock, keys: deps.keys, isOwner: () => deps.isOwner() }),
    noteNoEffect: noteUnsent,
    isOwnerSince: leaseReader(() => deps.isOwner()),
  }
  return {
    run() {
      drainLocks.resume(deps.segments())
      return replayAll(deps, segmentDeps, beginDrain)
    },
    beginDrain,
    index: (segment) => backlog.index(segment),
    observe(segment, record) {
      recent.add(segment, record, clock.now())
      drainLocks.observe(segment, record)
      history.observe(record)
    },
    reset() {
      recent.clear()
      beginDrain()
      drainLocks.reset()
    },
  }
}

/** The lease is read again before each send; those whose intents went into one sync are sent on one reading. */
function leaseReader(isOwner: () => boolean): (segment: Segment) => boolean {
  let last: { readonly segment: Segment; readonly commits: number; readonly isOurs: boolean } | undefined
  return (segment) => {
    if (last?.segment !== segment || last.commits !== segment.commits)
      last = { segment, commits: segment.commits, isOurs: isOwner() }
    return last.isOurs
  }
}

async function replayAll(
  deps: ReplayDeps,
  segmentDeps: SegmentDeps,
  beginDrain: () => void,
): Promise<ReplayResult> {
  /** Those whose last line is still being written. */
  const passed = new Set<string>()
  for (;;) {
    const all = deps.segments()
    const segment = all.find((s) => !s.hasEnd && !passed.has(s.name))
    if (!segment) {
      if (all.every((s) => s.hasEnd)) beginDrain()
      return 'done'
    }
    try {
      if (await takeLateLines(segmentDeps, all, segment)) continue
    } catch (error) {
      return faultOf(deps, error)
    }
    if (segment.origin !== 'removed' && !(await deps.connection.ensure())) return 'paused'
    const step = await replaySegment(segmentDeps, segment).catch((error: unknown) => faultOf(deps, error))
    if (!(await deps.commit(segment))) {
      // what was answered is known only here, and may be forgotten with the lease: one more try
      await deps.commit(segment)
      return 'fault'
    }
    // a finished segment holds no descriptor: there may be thousands of them
    if (segment.hasEnd) await segment.close()
    if (step === 'tail') passed.add(segment.name)
    else if (step !== 'next') return step
  }
}

/** Lines that a writer added to an older segment before it wrote to this one must go first; true where there are some. */
async function takeLateLines(
  { clock, backlog }: SegmentDeps,
  all: readonly Segment[],
  segment: Segment,
): Promise<boolean> {
  let hasGrown = false
  for (const older of all) {
    if (older.seq >= segment.seq || !older.hasEnd || clock.now() - older.lastEndAt > LATE_LINES_MS) continue
    await older.refresh()
    if (older.hasEnd) continue
    await backlog.index(older)
    hasGrown = true
  }
  return hasGrown
}

function faultOf(deps: ReplayDeps, error: unknown): 'fault' {
  if (!(error instanceof ReadFault)) throw error
  deps.readFault(error.fault)
  return 'fault'
}
