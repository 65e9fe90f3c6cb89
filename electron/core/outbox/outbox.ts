/** One workspace's outbox: claim → ledger → send → record. The order of the steps is the promise; see the notes at each. */
import type { Call } from '../../../shared/call.ts'
import { causeText } from '../../../shared/cause.ts'
import type { FlushCounts } from '../../../shared/protocol.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import { type EpochMs } from '../../../shared/time.ts'
import type { Clock, FileSystem, FsError, Keys, Log, OpenFile, Random } from '../ports.ts'
import type { GatedConnection } from '../coord/connection.ts'
import { createArchive } from './segments/archive.ts'
import { createReplay, type Replay } from './replay/replay.ts'
import type { EndedCall } from './replay/record-end.ts'
import { encodeRecords } from './segments/ledger-format.ts'
import { LEDGER_VERSION, type Origin } from './segments/ledger-records.ts'
import type {
  ActionError,
  FlushError,
  FlushRequest,
  Outbox,
  OutboxEvent,
  WorkspaceSummary,
} from './contract.ts'
import type { OwnerPort, OwnerState } from './owner-port.ts'
import { parseLine } from './lines/parse-line.ts'
import { scanLines } from './lines/split-lines.ts'
import { ReadFault, Segment, SEGMENT_NAME } from './segments/segment.ts'
import { encodeUtf8 } from './lines/text.ts'

/** A queue file that grows past this is claimed even while the API is away. */
const CLAIM_BYTES = 8 * 1024 * 1024
/** How long a foreign reader may postpone a claim. */
const READER_PATIENCE_MS = 120_000
const RETENTION_MS = 7 * 24 * 3_600_000
const FINISHED_LOOK_MS = 60_000
/** A finished segment is put away after this long: by then nothing looks for duplicates in it. */
const ARCHIVE_AFTER_MS = 10 * 60_000
/** Delivered calls that a front shows. */
const LATELY_SHOWN = 50
const STAT_MS = 1_000
/** How often a long run is shown while it goes on. */
const SHOW_MS = 500
const QUIET_MS = 2_000
const SETTLED_MS = 10 * 60_000
const TORN_MS = 60_000
/** How often what is put away is looked through for what has had its week. */
const TIDY_ARCHIVE_MS = 3_600_000
const RESERVE_BYTES = 64 * 1024
const STORAGE_RETRY_MS = 5_000
const SHOWN = 200
const SEGMENT_FILE = new RegExp(`^(${SEGMENT_NAME})\\.seg$`)
const LEDGER_FILE = new RegExp(`^(${SEGMENT_NAME})\\.led$`)
const CALL_ID = new RegExp(`^(${SEGMENT_NAME})\\.(\\d+)\\.(\\d+)$`)
/** What a `writeFile` that was cut off leaves behind. */
const LEFT_OVER = new RegExp(
  `^(?:${SEGMENT_NAME}\\.(?:seg|led)|\\.gitignore|reserve\\.bin)\\.[0-9a-z]+\\.tmp$`,
)
/** How often a request is put again to an owner that is just ending. */
const ASK_ROUNDS = 40
const PROGRESS_MS = 200
/** A wait looks this often whether it is still wanted. */
const NAP_MS = 100

/** Hints that something changed in a folder; never the truth. Returns the function that stops it. */
export interface WatchPort {
  watch(folder: string, onHint: () => void): () => void
}

export interface OutboxDeps {
  /** The project folder. */
  readonly workspace: string
  readonly name: string
  readonly fs: FileSystem
  readonly clock: Clock
  readonly random: Random
  readonly keys: Keys
  readonly log: Log
  readonly connection: GatedConnection
  readonly owner: OwnerPort
  readonly watch: WatchPort
  emit(event: OutboxEvent): void
}

/** Said where not even the failure could be written down. */
export const OPEN = 'Whether this was done shows as soon as the disk can be written again.'

export function createOutbox(deps: OutboxDeps): Outbox {
  const { fs, clock, log, connection, owner } = deps
  const sep = fs.separator
  const queueName = 'coord-queue.jsonl'
  let claude = `${deps.workspace}${sep}.claude`
  let dir = `${claude}${sep}.coord-outbox`
  const queuePath = (): string => `${claude}${sep}${queueName}`

  const segments = new Map<string, Segment>()
  const archive = createArchive()
  let lastSeq = 0
  let lastTidy = -Infinity
  /** Claimed by rename, and the folder not synced since: nothing is sent from here before it is. */
  const unsynced = new Set<string>()
  /** Ledgers that must still say that a `gone` did not count. */
  const owing = new Set<Segment>()
  /** The guard whose name is known to be durable. */
  let syncedGuard = ''
  let isLoaded = false
  let ownerState: OwnerState = { kind: 'none' }
  let problem: string | null = null
  /** What is wrong with the folder itself, as last looked at; no storage fault. */
  let notice: string | null = null
  /** A storage fault came up in the run under way. */
  let isFaulty = false
  let ownedDir = ''
  let isReleasing = false
  let storageRetryAt = 0
  let isStopped = true
  let running: Promise<void> | undefined
  let runAgain = false
  let readerSince: number | undefined
  let lastFinishedLook = -Infinity
  let cancelTick: (() => void) | undefined
  let unwatch: (() => void) | undefined
  let offConnection: (() => void) | undefined
  let lastSummaryText = ''
  /** Something happened since the last summary, or happens elsewhere: in a folder of ours that rests none is made. */
  let mayDiffer = true
  let shownNotice: string | null = null
  /** Growth of the unclaimed file as this engine saw it. */
  let observed:
    | { identity: string; size: number; marks: { o: number; at: EpochMs | null }[]; changedAt: number }
    | undefined
  let unclaimed = { identity: '', size: -1, count: 0, oldest: null as EpochMs | null }
  const counters = { delivered: 0, setAside: 0, skipped: 0 }
  const callCache = new Map<string, Call>()
  let sending: { method: string; path: string } | null = null
  let progress: FlushRequest['onProgress']
  let toldAt = -Infinity
  let isCancelled = (): boolean => false

  // ---- storage -------------------------------------------------------------------------------------------------------

  function storageFault(error: FsError): void {
    const words: Record<string, string> = {
      ENOSPC: 'the disk is full',
      EDQUOT: 'the disk quota is used up',
      EROFS: 'the folder is read-only',
      EACCES: 'the folder may not be written',
      EPERM: 'the folder may not be written',
      EIO: 'the disk reports an error',
      EMFILE: 'too many files are open',
      EBUSY: 'another program holds the file open',
      NEWER: 'a newer version of Coord Tray has sent from here (update this one)',
    }
    const what = words[error.code] ?? `${error.op} failed (${error.code})`
    problem = `Nothing is sent from here now: ${what} at ${error.path}. Nothing is lost; it goes on by itself as soon as that is mended.`
    storageRetryAt = clock.monotonic() + STORAGE_RETRY_MS
    isFaulty = true
    log.warn('outbox: storage', { ...error })
  }

  const segmentOf = (name: string): Segment =>
    new Segment(fs, dir, name, (segment, record) => replay.observe(segment, record))

  const segmentList = (): Segment[] =>
    [...segments.values()].sort((a, b) => a.seq - b.seq || (a.name < b.name ? -1 : 1))

  /** Commits; on a full disk the reserve is given up once, so that the answers in hand can be recorded. */
  async function commit(segment: Segment): Promise<boolean> {
    let done = await segment.commit()
    if (!done.ok && (done.error.code === 'ENOSPC' || done.error.code === 'EDQUOT')) {
      const freed = await fs.unlink(`${dir}${sep}reserve.bin`)
      if (freed.ok) done = await segment.commit()
    }
    if (!done.ok) storageFault(done.error)
    return done.ok
  }

  // ---- what is there ---------------------------------------------------------------------------------------------------

  async function resolveFolder(): Promise<void> {
    const real = await fs.realPath(`${deps.workspace}${sep}.claude`)
    claude = real.ok ? real.value : `${deps.workspace}${sep}.claude`
    dir = `${claude}${sep}.coord-outbox`
  }

  /** Finds segments that are not known yet. Writes nothing. */
  async function load(): Promise<Result<null, FsError>> {
    await resolveFolder()
    const names = await fs.list(dir)
    const isAbsent = !names.ok && (names.error.code === 'ENOENT' || names.error.code === 'ENOTDIR')
    if (!names.ok && !isAbsent) return names
    // no folder is an empty one: what was known in it was removed with it
    const found = names.ok ? names.value : []
    for (const file of found) {
      const name = SEGMENT_FILE.exec(file)?.[1]
      if (name === undefined || segments.has(name) || archive.has(name)) continue
      const segment = segmentOf(name)
      const loaded = await segment.load()
      if (!loaded.ok) {
        if (loaded.error.code === 'ENOENT') continue
        return loaded
      }
      // what its facts mean is not known here: sending on would be guessing
      if ((segment.header?.version ?? 0) > LEDGER_VERSION)
        return err({ code: 'NEWER', path: segment.ledgerPath, op: 'read' })
      segments.set(name, segment)
      // its claim may have been cut off before the folder was synced: no call goes out before that is made good
      if (!segment.hasOutcomes) unsynced.add(name)
    }
    const there = new Set(found)
    for (const name of archive.names()) if (!there.has(`${name}.seg`)) archive.drop(name)
    for (const segment of [...segments.values()]) {
      if (there.has(`${segment.name}.seg`)) continue
      log.error('outbox: a segment was removed by another program', { segment: segment.name })
      if (segment.counted > 0 || segment.setAside.size > 0)
        notice = `Another program removed ${segment.path}: the calls in it are gone.`
      segments.delete(segment.name)
      unsynced.delete(segment.name)
      await segment.close()
    }
    for (const segment of segmentList()) {
      const counted = await count(segment)
      if (!counted.ok) return counted
    }
    isLoaded = true
    return ok(null)
  }

  /**
   * Puts right, as the owner, what a crash cut off in the middle:
   * - A power loss may keep the new name of a claimed file and lose the old one's going. The claim of the old name finds the
   *   same file again, under two names; its calls must go out once.
   * - A call that a person sends again has a segment of its own before the old call is taken off the list. Where that did not
   *   come to pass, nobody was told that it is sent: the new segment goes, the old call stays.
   */
  async function mend(): Promise<Result<null, FsError>> {
    for (const segment of [...owing]) {
      const done = await segment.commit()
      if (!done.ok) return done
      owing.delete(segment)
    }
    if (!isSettled) {
      const settled = await settle()
      if (!settled.ok) return settled
      isSettled = true
    }
    const byIdentity = new Map<string, Segment>()
    for (const segment of segmentList()) {
      const other = byIdentity.get(segment.identity)
      if (!other) {
        byIdentity.set(segment.identity, segment)
        continue
      }
      const [gone, kept] = other.hasOutcomes || !segment.hasOutcomes ? [segment, other] : [other, segment]
      if (gone.hasOutcomes || !(await isSameFile(gone, kept))) continue
      const dropped = await dropName(gone)
      if (!dropped.ok) return dropped
      byIdentity.set(kept.identity, kept)
    }
    for (const segment of segmentList()) {
      const from = segment.origin === 'again' && !segment.hasOutcomes ? segment.header?.replaces : undefined
      if (from === undefined || !find(from)) continue
      const removed = await removeSegment(segment.name)
      if (!removed.ok) return removed
    }
    return ok(null)
  }

  /**
   * A process that was killed may have written more than it had synced; what is known from there must not be lost later, with
   * the power, once something was done for it.
   */
  async function settle(): Promise<Result<null, FsError>> {
    let hasAny = false
    for (const segment of segmentList()) {
      const info = await fs.info(segment.ledgerPath)
      if (!info.ok) continue
      hasAny = true
      // what is older has long been written by the system itself
      if (Math.abs(clock.now() - info.value.mtimeMs) > SETTLED_MS) continue
      const synced = await segment.syncLedger()
      if (!synced.ok) return synced
    }
    return hasAny ? fs.syncDir(dir) : ok(null)
  }
  let isSettled = false

  /** Looked up afresh: a remembered inode may be another file's by now. */
  async function isSameFile(a: Segment, b: Segment): Promise<boolean> {
    const [x, y] = [await fs.info(a.path), await fs.info(b.path)]
    return x.ok && y.ok && x.value.identity === y.value.identity && x.value.links > 1
  }

  /** Takes away one of two names of a file. */
  async function dropName(segment: Segment): Promise<Result<null, FsError>> {
    const gone = await fs.unlink(segment.path)
    if (!gone.ok && gone.error.code !== 'ENOENT') return gone
    segments.delete(segment.name)
    unsynced.delete(segment.name)
    await segment.close()
    return ok(null)
  }

  /**
   * The segment first, its ledger second, and the first durable before the second: a segment that is there without its
   * ledger would be sent once more.
   */
  async function removeSegment(name: string): Promise<Result<null, FsError>> {
    await segments.get(name)?.close()
    const gone = await fs.unlink(`${dir}${sep}${name}.seg`)
    if (!gone.ok && gone.error.code !== 'ENOENT') return gone
    segments.delete(name)
    unsynced.delete(name)
    const synced = await fs.syncDir(dir)
    if (!synced.ok) return synced
    const ledger = await fs.unlink(`${dir}${sep}${name}.led`)
    return ledger.ok || ledger.error.code === 'ENOENT' ? ok(null) : ledger
  }

  /** Counts the calls of a segment that have no end yet, and indexes its releases; goes on where it stopped. */
  async function count(segment: Segment): Promise<Result<null, FsError>> {
    if (segment.hasEnd) {
      segment.counted = 0
      return ok(null)
    }
    if (segment.indexedTo >= segment.size && segment.indexedTo > 0) return ok(null)
    try {
      await replay.index(segment)
      return ok(null)
    } catch (error) {
      if (error instanceof ReadFault) return err(error.fault)
      throw error
    }
  }

  async function refreshOlder(): Promise<void> {
    const lookAtFinished = clock.monotonic() - lastFinishedLook >= FINISHED_LOOK_MS
    if (lookAtFinished) {
      lastFinishedLook = clock.monotonic()
      for (const name of archive.names()) {
        const info = await fs.info(`${dir}${sep}${name}.seg`)
        if (!info.ok || info.value.size === archive.sizeOf(name)) continue
        // a late line, after a long while: the segment is what it was
        await unarchive(name)
      }
    }
    for (const segment of segmentList()) {
      if (segment.hasEnd && !lookAtFinished) continue
      const before = segment.size
      const info = await segment.refresh()
      if (!info.ok) continue
      if (segment.size > before) {
        // a late line through a writer's open descriptor
        if (!isStopped) segment.note({ kind: 'first-seen', offset: segment.size, at: clock.now() })
        const counted = await count(segment)
        if (!counted.ok) storageFault(counted.error)
      }
    }
  }

  async function unarchive(name: string): Promise<Segment | undefined> {
    const segment = segmentOf(name)
    const loaded = await segment.load()
    if (!loaded.ok) return undefined
    archive.take(segment)
    segments.set(name, segment)
    return segment
  }

  /** How many calls stand in the unclaimed file. */
  async function countUnclaimed(): Promise<void> {
    const info = await fs.info(queuePath())
    if (!info.ok || info.value.kind !== 'file' || info.value.size === 0) {
      unclaimed = { identity: '', size: 0, count: 0, oldest: null }
      return
    }
    if (info.value.identity === unclaimed.identity && info.value.size === unclaimed.size) return
    const opened = await fs.openRead(queuePath())
    if (!opened.ok) return
    let n = 0
    const nextWaiting: WorkspaceSummary['next'][number][] = []
    try {
      for await (const batch of scanLines(readerOf(opened.value), 0, info.value.size)) {
        for (const line of batch.lines) {
          if (nextWaiting.length < 50) {
            const entries = parseLine(line)
            n += entries.length
            for (const e of entries)
              nextWaiting.push({
                ts: e.ts,
                method: e.method,
                path: e.path,
                raw: typeof e.raw === 'string' ? e.raw.slice(0, 2_000) : '',
              })
          } else n += replay.countOf(line)
        }
      }
    } catch (error) {
      if (error instanceof ReadFault) return
      throw error
    } finally {
      await opened.value.close()
    }
    unclaimedNext = nextWaiting
    unclaimed = { identity: info.value.identity, size: info.value.size, count: n, oldest: info.value.mtimeMs }
  }
  let unclaimedNext: WorkspaceSummary['next'][number][] = []

  const waitingInSegments = (): number => segmentList().reduce((n, s) => n + Math.max(0, s.counted), 0)

  // ---- claim -----------------------------------------------------------------------------------------------------------

  /** Watches the unclaimed file grow, so that a call's time is known even without `ts`. */
  async function observe(): Promise<{ size: number; identity: string; mtime: EpochMs } | undefined> {
    const info = await fs.info(queuePath())
    // a stat that failed says nothing about what stands there, nor since when
    isBlind = !info.ok && info.error.code !== 'ENOENT' && info.error.code !== 'ENOTDIR'
    if (isBlind) return undefined
    if (!info.ok || info.value.kind !== 'file') {
      if (info.ok) notice = `${queuePath()} is no ordinary file; it is left alone.`
      observed = undefined
      return undefined
    }
    if (notice?.includes('no ordinary file')) notice = null
    const { identity, size, mtimeMs } = info.value
    if (observed?.identity !== identity || size < observed.size) {
      // what stood there when this engine came is not "seen": it was not running then
      const isFirst = observed === undefined && !hasLooked
      observed = {
        identity,
        size,
        marks: size > 0 ? [{ o: size, at: isFirst ? null : clock.now() }] : [],
        changedAt: clock.monotonic(),
      }
    } else if (size > observed.size) {
      observed.size = size
      observed.marks.push({ o: size, at: clock.now() })
      if (observed.marks.length > 1_000) observed.marks.splice(1, observed.marks.length - 1_000)
      observed.changedAt = clock.monotonic()
    }
    return { size, identity, mtime: mtimeMs }
  }
  let hasLooked = false
  let isBlind = false

  async function prepareFolder(): Promise<Result<null, FsError>> {
    const made = await fs.makeDir(dir)
    if (!made.ok) return made
    const ignore = `${dir}${sep}.gitignore`
    if (!(await fs.info(ignore)).ok) {
      const written = await fs.writeFile(ignore, encodeUtf8('*\n'))
      if (!written.ok) return written
    }
    const reserve = `${dir}${sep}reserve.bin`
    // real bytes, no hole: it must hold its place on a disk that fills up. Failing to make it is no fault.
    if (!(await fs.info(reserve)).ok) await fs.writeFile(reserve, new Uint8Array(RESERVE_BYTES))
    return ok(null)
  }

  const newName = (origin: Origin = 'queue'): string => {
    const names = [...segments.keys(), ...archive.names()]
    lastSeq = names.reduce((last, name) => Math.max(last, Number(name.split('-', 1)[0])), lastSeq) + 1
    return `${String(lastSeq).padStart(8, '0')}-${deps.random.id(10)}${origin === 'queue' ? '' : `-${origin}`}`
  }

  /**
   * Claims the queue file by rename. The folder is synced before the first send: a power loss must not bring the file
   * back after its calls went out.
   */
  async function claim(): Promise<'claimed' | 'nothing' | 'postponed' | 'fault'> {
    const seen = await observe()
    if (!seen || seen.size === 0) return 'nothing'
    const isRead = await fs.hasForeignReader(queuePath())
    if (isRead) {
      readerSince ??= clock.monotonic()
      if (clock.monotonic() - readerSince < READER_PATIENCE_MS) return 'postponed'
    }
    readerSince = undefined
    const prepared = await prepareFolder()
    if (!prepared.ok) {
      storageFault(prepared.error)
      return 'fault'
    }
    await refreshOlder()
    const name = newName()
    const segment = segmentOf(name)
    const renamed = await fs.rename(queuePath(), segment.path)
    if (!renamed.ok) {
      if (renamed.error.code === 'ENOENT') return 'nothing'
      storageFault(renamed.error)
      return 'fault'
    }
    segments.set(name, segment)
    unsynced.add(name)
    const watched = observed
    observed = undefined
    unclaimed = { identity: '', size: -1, count: 0, oldest: null }
    const info = await segment.refresh()
    if (!info.ok) {
      // claimed, and not to be read now: found again as a segment without a ledger
      segments.delete(name)
      storageFault(info.error)
      return 'fault'
    }
    for (const other of segmentList()) {
      if (other === segment || other.identity !== info.value.identity) continue
      if (!(await isSameFile(segment, other))) continue
      // claimed before, and a power loss brought its old name back
      const dropped = await dropName(segment)
      if (dropped.ok) return 'nothing'
      storageFault(dropped.error)
      return 'fault'
    }
    // the file may have been replaced since it was last looked at
    const marks = watched?.identity === info.value.identity ? watched.marks : []
    {
      segment.note({
        kind: 'header',
        version: LEDGER_VERSION,
        at: clock.now(),
        identity: info.value.identity,
        size: info.value.size,
        mtime: info.value.mtimeMs,
        origin: 'queue',
      })
      for (const mark of marks) segment.note({ kind: 'first-seen', offset: mark.o, at: mark.at })
      if (marks.length > 0 && segment.size > segment.seenTo && !isStopped)
        segment.note({ kind: 'first-seen', offset: segment.size, at: clock.now() })
    }
    await dropGuards()
    const synced = await syncClaim(segment)
    if (!synced.ok) {
      storageFault(synced.error)
      return 'fault'
    }
    const counted = await count(segment)
    if (!counted.ok) {
      storageFault(counted.error)
      return 'fault'
    }
    return 'claimed'
  }

  async function syncClaim(segment: Segment): Promise<Result<null, FsError>> {
    unsynced.add(segment.name)
    const bytes = await segment.syncBytes()
    if (!bytes.ok) return bytes
    const inner = await fs.syncDir(dir)
    if (!inner.ok) return inner
    const outer = await fs.syncDir(claude)
    if (!outer.ok) return outer
    unsynced.delete(segment.name)
    return ok(null)
  }

  // ---- the hard-link guard -----------------------------------------------------------------------------------------------

  const guardNames = async (): Promise<string[]> => {
    const names = await fs.list(dir)
    return names.ok ? names.value.filter((n) => n.startsWith('guard-')).map((n) => `${dir}${sep}${n}`) : []
  }

  async function dropGuards(): Promise<void> {
    for (const guard of await guardNames()) {
      const info = await fs.info(guard)
      if (info.ok && [...segments.values()].some((s) => s.identity === info.value.identity))
        await fs.unlink(guard)
    }
  }

  /** While a file waits unclaimed, a second name keeps its bytes; what another program removed is set aside, never sent by itself. */
  async function guard(): Promise<void> {
    const queue = await fs.info(queuePath())
    // a stat that failed does not say that the file is gone
    if (!queue.ok && queue.error.code !== 'ENOENT' && queue.error.code !== 'ENOTDIR') return
    for (const path of await guardNames()) {
      const info = await fs.info(path)
      if (!info.ok) continue
      if (queue.ok && queue.value.identity === info.value.identity) continue
      if ([...segments.values()].some((s) => s.identity === info.value.identity)) {
        await fs.unlink(path)
        continue
      }
      const name = newName('removed')
      const segment = segmentOf(name)
      // the ledger's header first: a crash in between must not turn these bytes into calls that are sent
      const header = encodeRecords([
        {
          kind: 'header',
          version: LEDGER_VERSION,
          at: clock.now(),
          identity: info.value.identity,
          size: info.value.size,
          mtime: info.value.mtimeMs,
          origin: 'removed',
        },
      ])
      const written = await fs.writeFile(segment.ledgerPath, header)
      if (!written.ok) return
      const renamed = await fs.rename(path, segment.path)
      if (!renamed.ok) return
      const loaded = await segment.load()
      if (loaded.ok) {
        segments.set(name, segment)
        // a person may discard these calls at once: they must not come back with the guard's name. A failure is made good
        // by the next run, before anything is done with them.
        await syncClaim(segment)
        await count(segment)
        log.warn(
          'outbox: the queue file was removed by another program before it was sent; its calls are set aside',
          { workspace: deps.workspace },
        )
      }
    }
    if (!queue.ok || queue.value.kind !== 'file' || queue.value.size === 0) return
    const path = `${dir}${sep}guard-${queue.value.identity.replace(/[^0-9]/g, '-')}`
    if (!(await fs.info(path)).ok) {
      const prepared = await prepareFolder()
      // file systems without hard links (FAT, some network drives) do without
      if (!prepared.ok || !(await fs.link(queuePath(), path)).ok) return
    } else if (syncedGuard === path) return
    // the removal that it guards against may reach the disk before it does
    const [inner, outer] = [await fs.syncDir(dir), await fs.syncDir(claude)]
    if (inner.ok && outer.ok) syncedGuard = path
  }

  async function removeGuards(): Promise<void> {
    for (const path of await guardNames()) {
      const [info, queue] = [await fs.info(path), await fs.info(queuePath())]
      if (info.ok && queue.ok && info.value.identity === queue.value.identity) await fs.unlink(path)
    }
  }

  // ---- the run -----------------------------------------------------------------------------------------------------------

  const replay: Replay = createReplay({
    ...deps,
    segments: segmentList,
    commit,
    isOwner: () => owner.isStillOwner(dir),
    isStopping: () => stopAsked || isCancelled(),
    onEnd(ended) {
      tell(ended)
      if (progress && clock.monotonic() - toldAt >= PROGRESS_MS) {
        toldAt = clock.monotonic()
        progress({
          done: counters.delivered + counters.setAside + counters.skipped,
          waiting: waitingInSegments(),
        })
      }
    },
    readFault: storageFault,
    onSending(next) {
      sending = next
    },
    lanes: () => lanes,
    quietMs: () => (flushing > 0 ? 0 : QUIET_MS),
    tornMs: () => (flushing > 0 ? QUIET_MS : TORN_MS),
  })

  /** The end of a call is told once, with the call. */
  function tell(ended: EndedCall): void {
    const { id, ts, method, path, raw } = ended.call
    const { sessions } = ended
    const workspace = deps.workspace
    if (ended.end === 'delivered') {
      counters.delivered++
      const call = { id, at: ended.at, method: method ?? '', path: path ?? '', note: ended.note }
      deps.emit({ kind: 'call.delivered', workspace, call, queuedAt: ts, sessions })
      return
    }
    const status = ended.end === 'set-aside' ? ended.status : null
    const call: Call = { id, ts, method, path, reason: ended.reason, status, raw }
    remember(call)
    if (ended.end === 'set-aside') {
      counters.setAside++
      deps.emit({ kind: 'call.set-aside', workspace, call, sessions })
    } else {
      counters.skipped++
      deps.emit({ kind: 'call.skipped', workspace, call, reason: ended.reason, sessions })
    }
  }

  function remember(call: Call): void {
    callCache.set(call.id, call)
    if (callCache.size > 4 * SHOWN) {
      const oldest = callCache.keys().next().value
      if (oldest !== undefined) callCache.delete(oldest)
    }
  }

  let stopAsked = false
  let flushing = 0
  /** As wide as the flush that asked for the most; the app by itself keeps strict order. */
  let lanes = 1

  /** Everything that can be done now: recover, claim, send, tidy. One at a time; asked again meanwhile, it runs once more. */
  function run(mode: 'auto' | 'asked'): Promise<void> {
    if (running) {
      runAgain = true
      return running
    }
    running = (async () => {
      const stopShowing = showWhileRunning()
      try {
        do {
          runAgain = false
          await once(mode)
        } while (runAgain && !stopAsked)
      } catch (error) {
        // a bug: said in the log, and the workspace stays as it is on disk
        log.error('outbox: unexpected', {
          workspace: deps.workspace,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        })
        problem = `Something unexpected went wrong here (see the log). Nothing is lost; it is tried again.`
      } finally {
        stopShowing()
        running = undefined
        sending = null
        await publish()
      }
    })()
    return running
  }

  /** A long run is shown while it goes on: what is being sent, and how much still waits. Returns what ends it. */
  function showWhileRunning(): () => void {
    let isOver = isStopped
    let cancel: (() => void) | undefined
    const again = (): void => {
      if (isOver) return
      cancel = clock.schedule(SHOW_MS, () => {
        if (!isOver) void publish().then(again)
      })
    }
    again()
    return () => {
      isOver = true
      cancel?.()
    }
  }

  let lastClaim: 'claimed' | 'nothing' | 'postponed' | 'fault' = 'nothing'

  async function once(mode: 'auto' | 'asked'): Promise<void> {
    if (ownerState.kind !== 'this') return
    if (clock.monotonic() < storageRetryAt && mode === 'auto') return
    isFaulty = false
    await resolveFolder()
    // the folder came to be, or is a link now: its real path names the owner
    if (dir !== ownedDir) {
      await letGo()
      await takeOwnership()
      if (!isOwner()) return
    }
    const loaded = await load()
    if (!loaded.ok) {
      storageFault(loaded.error)
      return
    }
    const mended = await mend()
    if (!mended.ok) {
      storageFault(mended.error)
      return
    }
    await observe()
    if (!isBlind) hasLooked = true
    await refreshOlder()
    for (const name of [...unsynced]) {
      const segment = segments.get(name)
      const synced = segment ? await syncClaim(segment) : ok(null)
      if (!synced.ok) {
        storageFault(synced.error)
        return
      }
    }
    for (;;) {
      if (stopAsked || isCancelled()) return
      const queue = await observe()
      const hasQueue = queue !== undefined && queue.size > 0
      const hasPending = segmentList().some((s) => !s.hasEnd)
      if (!hasQueue && !hasPending) break
      const canSend = await connection.ensure()
      lastClaim = canSend || (queue?.size ?? 0) > CLAIM_BYTES ? await claim() : 'nothing'
      if (lastClaim === 'fault') return
      if (hasQueue && lastClaim !== 'claimed' && !isStopped) await guard()
      if (!segmentList().some((s) => !s.hasEnd)) break
      const result = await replay.run()
      if (result === 'stopped' && !stopAsked && !isCancelled()) {
        const fault = owner.fault?.(dir)
        if (fault) {
          storageFault(fault)
          return
        }
        // another epoch stands in the lease: whoever wrote it sends from here now
        await letGo()
        return
      }
      if (result !== 'done') break
      if (lastClaim !== 'claimed') break
    }
    if (!isStopped) await guard()
    await tidy()
    await putAway()
    if (!isFaulty) {
      problem = null
      storageRetryAt = 0
    }
  }

  /** Removes segments a week after their last call ended: the segment first, the ledger second. */
  async function tidy(): Promise<void> {
    if (clock.monotonic() - lastTidy >= TIDY_ARCHIVE_MS) {
      lastTidy = clock.monotonic()
      for (const name of archive.names()) {
        // the ledger's last line is the end of its last call, or later
        const info = await fs.info(`${dir}${sep}${name}.led`)
        if (info.ok && clock.now() - info.value.mtimeMs > RETENTION_MS) await unarchive(name)
      }
    }
    for (const segment of segmentList()) {
      if (!segment.hasEnd || segment.setAside.size > 0) continue
      if (clock.now() - segment.lastEndAt < RETENTION_MS) continue
      const info = await segment.refresh()
      if (!info.ok || !segment.hasEnd) continue
      await removeSegment(segment.name)
    }
    const names = await fs.list(dir)
    if (!names.ok) return
    const there = new Set(names.value)
    const orphans = names.value.filter((file) => {
      const name = LEDGER_FILE.exec(file)?.[1]
      return name === undefined ? LEFT_OVER.test(file) : !there.has(`${name}.seg`) && !segments.has(name)
    })
    // the unlink of its segment may not be durable yet, where a process died in between
    if (orphans.length === 0 || !(await fs.syncDir(dir)).ok) return
    for (const file of orphans) await fs.unlink(`${dir}${sep}${file}`)
  }

  /** Puts away what is finished, needs nobody and is not shown. */
  async function putAway(): Promise<void> {
    let shown = 0
    for (const segment of segmentList().reverse()) {
      const isShown = shown < LATELY_SHOWN
      shown += segment.lately.length
      if (!segment.hasEnd || segment.hasUncommitted()) continue
      if (clock.now() - segment.lastEndAt < ARCHIVE_AFTER_MS) continue
      if (isShown || segment.setAside.size > 0 || segment.skipped.size > 0) continue
      // a second name of its bytes would be a guard that could not be removed yet: whose they are must stay known
      const info = await segment.refresh()
      if (!info.ok || info.value.links > 1 || !segment.hasEnd) continue
      await segment.close()
      archive.add(segment)
      segments.delete(segment.name)
    }
  }

  // ---- what people see -----------------------------------------------------------------------------------------------------

  async function callOf(
    segment: Segment,
    key: string,
    reason: string,
    status: number | null,
  ): Promise<Call | undefined> {
    const id = `${segment.name}.${key}`
    const known = callCache.get(id)
    if (known) return known
    const [o, s] = key.split('.').map(Number)
    const entry = await segment.entryAt(o ?? 0, s ?? 0)
    if (!entry) return undefined
    const call: Call = {
      id,
      ts: entry.ts,
      method: entry.method,
      path: entry.path,
      reason,
      status,
      raw: entry.raw,
    }
    remember(call)
    return call
  }

  async function list(end: 'set-aside' | 'skipped', limit: number): Promise<readonly Call[]> {
    if (!isLoaded || ownerState.kind !== 'this') await load()
    const found: Call[] = []
    for (const segment of segmentList().reverse()) {
      const keys =
        end === 'set-aside'
          ? [...segment.setAside].map(([k, v]) => [k, v.reason, v.status] as const)
          : [...segment.skipped].map(([k, v]) => [k, v.reason as string, null] as const)
      for (const [key, reason, status] of keys.reverse()) {
        if (found.length >= limit) return found.reverse()
        const call = await callOf(segment, key, reason, status)
        if (call) found.push(call)
      }
    }
    return found.reverse()
  }

  async function summary(): Promise<WorkspaceSummary> {
    if (!isLoaded || ownerState.kind !== 'this') {
      if (ownerState.kind !== 'this') {
        // somebody else writes these ledgers: read them afresh
        for (const s of segments.values()) await s.close()
        segments.clear()
        archive.clear()
        replay.reset()
      }
      await load()
    }
    await countUnclaimed()
    const all = segmentList()
    const lately = all
      .flatMap((s) => s.lately.slice(-LATELY_SHOWN).map((d) => ({ segment: s, d })))
      .sort((a, b) => b.d.at - a.d.at)
      .slice(0, LATELY_SHOWN)
    const shownLately: WorkspaceSummary['lately'][number][] = []
    for (const { segment, d } of lately) {
      const id = `${segment.name}.${d.offset}.${d.sub}`
      const entry = latelyCache.get(id) ?? (await segment.entryAt(d.offset, d.sub))
      if (!entry) continue
      latelyCache.set(id, { method: entry.method, path: entry.path })
      if (latelyCache.size > 200) {
        const first = latelyCache.keys().next().value
        if (first !== undefined) latelyCache.delete(first)
      }
      shownLately.push({
        id,
        at: d.at,
        method: entry.method ?? '',
        path: entry.path ?? '',
        note: d.note ?? null,
      })
    }
    const next = await replay.next(50)
    const waiting = waitingInSegments() + unclaimed.count
    return {
      path: deps.workspace,
      name: deps.name,
      waiting,
      delivered: all.reduce((n, s) => n + s.delivered, archive.delivered()),
      setAsideCount: all.reduce((n, s) => n + s.setAside.size, 0),
      skippedCount: all.reduce((n, s) => n + s.skipped.size, 0),
      setAside: await list('set-aside', SHOWN),
      skipped: await list('skipped', SHOWN),
      lately: shownLately,
      next: [...next, ...unclaimedNext.slice(0, unclaimed.count)].slice(0, 50),
      sending,
      owner: ownerState.kind,
      problem:
        ownerState.kind === 'other-machine'
          ? `Another machine or container (${ownerState.who}) sends from this folder.`
          : (problem ?? notice),
      oldestWaiting: waiting === 0 ? null : (replay.oldest() ?? unclaimed.oldest),
    }
  }
  const latelyCache = new Map<string, { method: string | null; path: string | null }>()

  /** One at a time: an older summary must not come after a newer one. */
  function publish(): Promise<void> {
    published = published.then(publishNow, publishNow)
    return published
  }
  let published = Promise.resolve()

  async function publishNow(): Promise<void> {
    if (isStopped) return
    // before the look, so that what happens during it is looked at again
    mayDiffer = ownerState.kind !== 'this'
    shownNotice = notice
    const now = await summary()
    const text = JSON.stringify({ ...now, oldestWaiting: null })
    if (text === lastSummaryText) return
    lastSummaryText = text
    deps.emit({ kind: 'workspace.changed', summary: now })
  }

  // ---- ownership -------------------------------------------------------------------------------------------------------------

  const isOwner = (): boolean => ownerState.kind === 'this'

  async function letGo(): Promise<void> {
    isReleasing = true
    try {
      if (ownedDir !== '' && ownerState.kind === 'this') await owner.release(ownedDir)
    } finally {
      isReleasing = false
      ownedDir = ''
      ownerState = { kind: 'none' }
    }
  }

  /** One at a time: two that ask at once must not take each other for another process. */
  function takeOwnership(): Promise<void> {
    taking ??= take().finally(() => {
      taking = undefined
    })
    return taking
  }
  let taking: Promise<void> | undefined

  async function take(): Promise<void> {
    if (ownerState.kind === 'this') return
    await resolveFolder()
    ownedDir = dir
    // a folder that nobody can write needs no owner: nothing can be claimed there
    ownerState = await owner.acquire(dir, claude, async (request) => {
      // on its way out: the one that asks takes over
      if (isReleasing)
        return err({
          code: 'not-owner',
          message: 'The process that owned this workspace has just ended; try again.',
        })
      switch (request.what) {
        case 'flush':
          return flush({ waitMs: request.waitMs, lanes: request.lanes })
        case 'send':
          return sendAnyway(request.id)
        case 'edit':
          return edit(request.id, request.line)
        case 'discard':
          return discard(request.id)
      }
    })
    if (ownerState.kind === 'this') {
      for (const s of segments.values()) await s.close()
      segments.clear()
      archive.clear()
      owing.clear()
      isSettled = false
      replay.reset()
      isLoaded = false
    }
  }

  // ---- acts --------------------------------------------------------------------------------------------------------------------

  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.schedule(ms, resolve))
  async function nap(ms: number): Promise<void> {
    const end = clock.monotonic() + ms
    for (let left = ms; left > 0 && !isCancelled(); left = end - clock.monotonic())
      await sleep(Math.min(left, NAP_MS))
  }

  async function flush(request: FlushRequest): Promise<Result<FlushCounts, FlushError>> {
    const asked = await ownOrAsk({ what: 'flush', waitMs: request.waitMs, lanes: request.lanes })
    if (asked) return asked as Result<FlushCounts, FlushError>
    if (ownerState.kind === 'other-machine')
      return err({
        code: 'not-owner',
        message: `Another machine or container (${ownerState.who}) sends from ${deps.workspace}; nothing was sent from here.`,
      })
    const before = { ...counters }
    const end = clock.monotonic() + request.waitMs
    flushing++
    lanes = Math.max(lanes, request.lanes)
    progress = request.onProgress
    if (request.isCancelled) isCancelled = request.isCancelled
    let fault: string | null = null
    let doneBefore = counters.delivered + counters.setAside + counters.skipped
    try {
      for (;;) {
        await run('asked')
        // a run that was already under way may not have seen what was asked for
        await run('asked')
        await countUnclaimed()
        const waiting = waitingInSegments() + unclaimed.count
        if (waiting === 0 || stopAsked || isCancelled()) break
        if (problem !== null && storageRetryAt > clock.monotonic()) {
          fault = problem
          break
        }
        const pause = connection.waitMs()
        const left = end - clock.monotonic()
        const done = counters.delivered + counters.setAside + counters.skipped
        if (left <= 0 || !isOwner()) break
        if (connection.isReady()) {
          // a foreign reader, or a last line that is not whole and not quiet yet
          if (lastClaim !== 'postponed' && !segmentList().some((s) => !s.hasEnd)) break
          await sleep(Math.min(200, left))
          continue
        }
        const isAsked = connection.view().state === 'degraded' && connection.view().until !== null
        // cut off in the middle: one probe tells whether to go on; away from the start, the probe has been made
        if (pause > left || (!isAsked && done === doneBefore)) break
        doneBefore = done
        await nap(Math.max(pause, 5))
      }
    } finally {
      flushing--
      if (flushing === 0) lanes = 1
      progress = undefined
      isCancelled = () => false
      await countUnclaimed()
    }
    const counts: FlushCounts = {
      delivered: counters.delivered - before.delivered,
      setAside: counters.setAside - before.setAside,
      skipped: counters.skipped - before.skipped,
      waiting: waitingInSegments() + unclaimed.count,
    }
    if (fault !== null) log.warn(fault)
    if (isStopped && flushing === 0) await letGo()
    return ok(counts)
  }

  /** Becomes the owner, or has the owner do it; an owner that ends meanwhile is followed. */
  async function ownOrAsk(
    request: Parameters<OwnerPort['ask']>[1],
  ): Promise<Result<unknown, unknown> | undefined> {
    for (let round = 0; ; round++) {
      await takeOwnership()
      if (ownerState.kind !== 'other-process') return undefined
      const asked = await owner.ask(dir, request)
      if (asked.ok || asked.error.code !== 'not-owner' || round >= ASK_ROUNDS) return asked
      await sleep(50)
    }
  }

  type Acted = Result<null, ActionError>
  const notFound = (id: string): Acted =>
    err({ code: 'not-found', message: `There is no set-aside or skipped call ${id} here.` })

  function find(id: string): { segment: Segment; o: number; s: number; key: string } | undefined {
    const m = CALL_ID.exec(id)
    const segment = m?.[1] === undefined ? undefined : segments.get(m[1])
    if (!m || !segment) return undefined
    const key = `${m[2]}.${m[3]}`
    return segment.setAside.has(key) || segment.skipped.has(key)
      ? { segment, o: Number(m[2]), s: Number(m[3]), key }
      : undefined
  }

  async function show(id: string): Promise<Result<Call, ActionError>> {
    if (!isLoaded || ownerState.kind !== 'this') await load()
    const found = find(id)
    const aside = found?.segment.setAside.get(found.key)
    const reason = aside?.reason ?? found?.segment.skipped.get(found.key)?.reason ?? ''
    const call = found && (await callOf(found.segment, found.key, reason, aside?.status ?? null))
    return call
      ? ok(call)
      : err({ code: 'not-found', message: `There is no set-aside or skipped call ${id} here.` })
  }

  /** Runs an act as the owner, or has the owner run it. */
  async function act(ask: Parameters<OwnerPort['ask']>[1], task: () => Promise<Acted>): Promise<Acted> {
    const asked = await ownOrAsk(ask)
    if (asked) return asked as Acted
    if (ownerState.kind === 'other-machine')
      return err({
        code: 'not-owner',
        message: `Another machine or container (${ownerState.who}) sends from this folder.`,
      })
    try {
      // one at a time with the runs: tidying must not meet a half-written segment
      while (running) await running
      const acted = (async (): Promise<Acted> => {
        const loaded = await load()
        if (!loaded.ok) return err({ code: 'storage', message: `${loaded.error.path}: ${loaded.error.code}` })
        const mended = await mend()
        if (!mended.ok) return err({ code: 'storage', message: `${mended.error.path}: ${mended.error.code}` })
        return await task()
      })()
      running = acted.then(
        () => undefined,
        () => undefined,
      )
      const mine = running
      try {
        return await acted
      } finally {
        if (running === mine) running = undefined
      }
    } finally {
      mayDiffer = true
      if (isStopped && flushing === 0) await letGo()
      else poke()
    }
  }

  /**
   * Puts a line into a segment of its own, then takes the old call off the list: that is the instant from which it is sent. A
   * crash before it undoes the segment (`mend`), and so does a failure here, as the person is told of it.
   */
  async function again(found: NonNullable<ReturnType<typeof find>>, line: string): Promise<Acted> {
    const prepared = await prepareFolder()
    if (!prepared.ok)
      return err({ code: 'storage', message: `${prepared.error.path}: ${prepared.error.code}` })
    const segment = segmentOf(newName('again'))
    const bytes = encodeUtf8(`${line}\n`)
    const from = `${found.segment.name}.${found.key}`
    const header = encodeRecords([
      {
        kind: 'header',
        version: LEDGER_VERSION,
        at: clock.now(),
        identity: '',
        size: bytes.length,
        mtime: clock.now(),
        origin: 'again',
        replaces: from,
      },
    ])
    let written = await fs.writeFile(segment.ledgerPath, header)
    if (written.ok) written = await fs.writeFile(segment.path, bytes)
    if (written.ok) {
      const loaded = await segment.load()
      if (!loaded.ok) written = loaded
    }
    const done: Acted = written.ok
      ? await gone(found, 'again')
      : err({ code: 'storage', message: `${written.error.path}: ${written.error.code}` })
    if (!done.ok) {
      // said to have failed, so it must not be sent later; `mend` sees to it where it cannot be removed now. Where the old
      // call may be off its list after all, it stays, for the next look at the disk to tell.
      if (!owing.has(found.segment)) await removeSegment(segment.name)
      return done
    }
    segments.set(segment.name, segment)
    await count(segment)
    return done
  }

  async function gone(
    found: NonNullable<ReturnType<typeof find>>,
    why: 'again' | 'discarded',
  ): Promise<Acted> {
    found.segment.note({ kind: 'resolved', offset: found.o, sub: found.s, at: clock.now(), how: why })
    callCache.delete(`${found.segment.name}.${found.key}`)
    if (await commit(found.segment)) {
      // a finished segment holds no descriptor
      if (found.segment.hasEnd) await found.segment.close()
      return ok(null)
    }
    // said to have failed, so the next commit must not make it true
    found.segment.revertResolution({ offset: found.o, sub: found.s })
    const words = problem ?? 'the ledger cannot be written'
    if (await commit(found.segment)) return err({ code: 'storage', message: words })
    owing.add(found.segment)
    return err({ code: 'storage', message: `${words} ${OPEN}` })
  }

  const sendAnyway = (id: string): Promise<Acted> =>
    act({ what: 'send', id }, async () => {
      const found = find(id)
      if (!found) return notFound(id)
      const entry = await found.segment.entryAt(found.o, found.s)
      if (!entry) return notFound(id)
      if (entry.verdict.kind !== 'send')
        return err({
          code: 'refused',
          message: `This call is never sent as it stands (${found.segment.setAside.get(found.key)?.reason ?? 'it only reads'}). Edit it instead.`,
        })
      return again(found, typeof entry.raw === 'string' ? oneLine(entry.raw) : '')
    })

  const edit = (id: string, line: string): Promise<Acted> =>
    act({ what: 'edit', id, line }, async () => {
      const found = find(id)
      if (!found) return notFound(id)
      const text = oneLine(line)
      const bytes = encodeUtf8(text)
      const entries = parseLine({
        offset: 0,
        bytes,
        length: bytes.length,
        encoding: 'utf-8',
        isTerminated: true,
      })
      const bad = entries.find((e) => e.verdict.kind !== 'send')
      if (entries.length === 0 || bad)
        return err({
          code: 'refused',
          message: `The edited line cannot be sent: ${bad?.verdict.kind === 'aside' ? causeText(bad.verdict.cause) : 'it is no call that changes anything'}.`,
        })
      return again(found, text)
    })

  const discard = (id: string): Promise<Acted> =>
    act({ what: 'discard', id }, () => {
      const found = find(id)
      return Promise.resolve(found ? gone(found, 'discarded') : notFound(id))
    })

  // ---- life ----------------------------------------------------------------------------------------------------------------------

  let hintTimer: (() => void) | undefined
  function poke(): void {
    if (isStopped) return
    hintTimer ??= clock.schedule(20, () => {
      hintTimer = undefined
      void look()
    })
  }

  async function look(): Promise<void> {
    if (isStopped) return
    if (ownerState.kind !== 'this') await takeOwnership()
    const before = observed?.size ?? 0
    const queue = ownerState.kind === 'this' && !running ? await observe() : undefined
    if (queue && queue.size > before) connection.retryNow()
    const hasWork = (queue?.size ?? 0) > 0 || waitingInSegments() > 0 || !isLoaded || unsynced.size > 0
    const isDue = clock.monotonic() - lastFinishedLook >= FINISHED_LOOK_MS
    const hasOpen = segmentList().some((s) => !s.hasEnd)
    const guards = ownerState.kind === 'this' && !connection.isReady()
    if (hasWork || isDue || hasOpen || guards) await run('auto')
    else if (mayDiffer || notice !== shownNotice || before !== (queue?.size ?? 0)) await publish()
  }

  function tick(): void {
    const lookAgain = (): void =>
      void look().finally(() => {
        if (!isStopped) tick()
      })
    cancelTick = clock.nextBeat?.(lookAgain) ?? clock.schedule(STAT_MS, lookAgain)
  }

  return {
    path: deps.workspace,
    async start() {
      isStopped = false
      stopAsked = false
      await takeOwnership()
      await look()
      // told to stop meanwhile: the first look may have had much to send
      if (stopAsked) return
      unwatch = deps.watch.watch(claude, poke)
      offConnection = connection.onChange((view) => {
        if (view.state === 'online') poke()
      })
      tick()
    },
    async stop() {
      stopAsked = true
      cancelTick?.()
      hintTimer?.()
      unwatch?.()
      offConnection?.()
      if (running) await running
      isStopped = true
      // so that a session's own catch-up, while this app is closed, is not mistaken for a loss
      if (ownerState.kind === 'this') await removeGuards()
      for (const segment of segments.values()) {
        if (segment.hasUncommitted() && !unsynced.has(segment.name)) await segment.commit()
        await segment.close()
      }
      segments.clear()
      archive.clear()
      isLoaded = false
      await letGo()
    },
    poke,
    flush,
    summary,
    list,
    show,
    sendAnyway,
    edit,
    discard,
  }
}

/** Newlines outside strings cannot stand in a line of the queue; inside JSON strings they are escaped anyway. */
const oneLine = (text: string): string => text.replace(/\r?\n/g, ' ').trim()

function readerOf(file: OpenFile): (offset: number, length: number) => Promise<Uint8Array> {
  return async (offset, length) => {
    const bytes = await file.readAt(offset, length)
    if (!bytes.ok) throw new ReadFault(bytes.error)
    return bytes.value
  }
}
