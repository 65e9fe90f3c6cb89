/** The parts of one outbox, each the only writer of its state, built and joined. */
import type { Clock, FileSystem, FsError, Keys, Log, Random } from '../ports.ts'
import type { GatedConnection } from '../coord/connection.ts'
import { QueueFile } from './intake/queue-file.ts'
import { RemovalGuard } from './intake/removal-guard.ts'
import { SecondNames } from './intake/second-names.ts'
import { createReplay, type Replay } from './replay/replay.ts'
import type { EndedCall } from './replay/record-end.ts'
import { endsLately, type EndsAt } from './segments/ends-lately.ts'
import { OutboxFolder } from './segments/outbox-folder.ts'
import { Retention } from './segments/retention.ts'
import { SegmentStore } from './segments/segment-store.ts'
import { LATELY_SHOWN } from './summary.ts'

/** A last line without a newline is sent once whole and quiet for so long; one that is torn is set aside after the longer. */
const QUIET_MS = 2_000
const TORN_MS = 60_000

export interface PartsDeps {
  readonly workspace: string
  readonly fs: FileSystem
  readonly clock: Clock
  readonly random: Random
  readonly keys: Keys
  readonly log: Log
  readonly connection: GatedConnection
  neighbours(): readonly string[]
  isOwner(): boolean
  isStopping(): boolean
  /** Somebody waits for a flush: a last line is not waited for. */
  isFlushing(): boolean
  lanes(): number
  /** Between two calls: lets in what waits; undefined where nothing does. */
  between(): Promise<void> | undefined
  onSending(call: { readonly method: string; readonly path: string } | null): void
  onEnd(ended: EndedCall): void
  /** The folder was read afresh; it tells of these ends. */
  onRead(ends: readonly EndsAt[]): void
  fault(error: FsError): void
}

export interface Parts {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly log: Log
  readonly folder: OutboxFolder
  readonly store: SegmentStore
  readonly retention: Retention
  readonly queue: QueueFile
  readonly guard: RemovalGuard
  readonly names: SecondNames
  readonly replay: Replay
}

export function createParts(deps: PartsDeps): Parts {
  const { fs, clock, log } = deps
  const folder = new OutboxFolder(fs, deps.workspace)
  const store = new SegmentStore({
    ...deps,
    folder,
    onDelivered: (segment, record) => replay.observe(segment, record),
    index: (segment) => replay.index(segment),
    onRead: () => {
      const ends = endsLately(store.all(), clock.now())
      if (ends.length > 0) deps.onRead(ends)
    },
  })
  const replay: Replay = createReplay({
    ...deps,
    segments: () => store.all(),
    commit: (segment) =>
      store.commit(segment).then((done) => {
        if (!done.ok) deps.fault(done.error)
        return done.ok
      }),
    readFault: (error) => deps.fault(error),
    quietMs: () => (deps.isFlushing() ? 0 : QUIET_MS),
    tornMs: () => (deps.isFlushing() ? QUIET_MS : TORN_MS),
  })
  const queue = new QueueFile(fs, clock, folder)
  const guard = new RemovalGuard({ fs, clock, log, folder, store })
  const names = new SecondNames({ fs, folder, neighbours: () => deps.neighbours() })
  const retention = new Retention({
    fs,
    clock,
    folder,
    store,
    shown: LATELY_SHOWN,
    onFault: (e) => deps.fault(e),
  })
  return { fs, clock, log, folder, store, retention, queue, guard, names, replay }
}
