/** Goes through one segment: each line parsed once, each call in its turn or its lane, checkpoints behind what has its end. */
import { mayBeCompleted } from '../../../../shared/cause.ts'
import { isWhole, parseLine, type Entry } from '../lines/parse-line.ts'
import type { RawLine } from '../lines/split-lines.ts'
import { keyOf } from '../segments/call-states.ts'
import { LEDGER_VERSION } from '../segments/ledger-records.ts'
import type { Segment } from '../segments/segment.ts'
import type { Step } from './after-answer.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { queuedEntry, type QueuedCall, type QueuedEntry, type Unsendable } from './queued-call.ts'
import { AheadSender, Window } from './send-ahead.ts'
import { sendCall, type SendDeps } from './send-call.ts'

export interface SegmentDeps extends SendDeps {
  segments(): readonly Segment[]
  isStopping(): boolean
  /** Lets in what waits for the call in flight; undefined where nothing does. */
  between(): Promise<void> | undefined
  /** How long an unterminated last line must be quiet: a whole one, and a torn one. */
  quietMs(): number
  tornMs(): number
}

/** Lines are read ahead of their sending by this much: what lives shortly costs the collector little. */
const CHUNK_BYTES = 32 * 1024

/** `tail`: all is sent but a last line that its writer may still complete. */
type SegmentStep = Step | 'tail'

interface ReadLine {
  readonly line: RawLine
  readonly entries: readonly Entry[]
  /** The same, each in its place. */
  readonly queued: readonly QueuedEntry[]
}

/** Lines in their order, each parsed once: the next one may be read before its turn. */
class NextLine {
  private readonly segment: Segment
  private readonly lines: readonly RawLine[]
  private at = 0
  private ready: ReadLine | undefined

  constructor(segment: Segment, lines: readonly RawLine[]) {
    this.segment = segment
    this.lines = lines
  }

  read(): void {
    const line = this.lines[this.at]
    if (!line || this.ready) return
    const entries = parseLine(line)
    this.ready = { line, entries, queued: entries.map((entry) => queuedEntry(this.segment, line, entry)) }
  }

  /** Where the next one was read: its first entry. */
  get first(): QueuedEntry | undefined {
    return this.ready?.queued[0]
  }

  take(): ReadLine | undefined {
    this.read()
    const { ready } = this
    this.ready = undefined
    this.at++
    return ready
  }
}

/**
 * While a window goes out, entries of the next one are gathered at so many a call: read in one go they would hold up an answer,
 * and one by one a slow disk would have no time left for their intents.
 */
const GATHERED_A_CALL = 4

/** A stretch of lines with calls in flight. */
interface Stretch {
  readonly next: number
  left: number
}

/** Sends what a segment holds. Throws a ReadFault. */
export async function replaySegment(deps: SegmentDeps, segment: Segment): Promise<SegmentStep> {
  const { size } = segment
  if (!segment.header) noteHeader(deps, segment)
  const lanes = createLanes<Exclude<SegmentStep, 'next'>>(() => deps.lanes())
  const walk = new Walk(deps, segment, lanes)
  let step: SegmentStep = 'next'
  try {
    for await (const batch of segment.lines(segment.checkpointAt, CHUNK_BYTES)) {
      step = await walk.take(batch.lines, batch.next)
      if (step !== 'next') break
    }
    if (step === 'next') step = await walk.finish()
  } finally {
    await walk.idle()
  }
  await lanes.idle()
  step = lanes.halted() ?? step
  if (step === 'next') noteEnd(deps, segment, size)
  return step
}

/** Where a crash cut the claim off before its header, or an older build claimed. */
function noteHeader({ clock }: SegmentDeps, segment: Segment): void {
  const { identity, size, mtime, origin } = segment
  segment.note({ kind: 'header', version: LEDGER_VERSION, at: clock.now(), identity, size, mtime, origin })
}

/** Says so where this ends the drain too: a new process must not take its locks for those of the next one. */
function noteEnd(deps: SegmentDeps, segment: Segment, offset: number): void {
  const isLast = deps.segments().every((s) => s === segment || s.hasEnd)
  const drain = isLast ? deps.drainLocks.current() : undefined
  segment.note({ kind: 'end', offset, at: deps.clock.now(), ...(drain === undefined ? {} : { drain }) })
}

class Walk {
  private readonly deps: SegmentDeps
  private readonly segment: Segment
  private readonly lanes: Lanes<Exclude<SegmentStep, 'next'>>
  /** In file order: what stands before the first of them has its end. */
  private readonly open: Stretch[] = []
  /** Entries whose intents go to the disk together, before the first of them is sent. */
  private ahead = new Window()
  private readonly sender: AheadSender

  constructor(deps: SegmentDeps, segment: Segment, lanes: Lanes<Exclude<SegmentStep, 'next'>>) {
    this.deps = deps
    this.sender = new AheadSender({ ...deps, endUnsendable: (entry) => this.endUnsendable(entry) })
    this.segment = segment
    this.lanes = lanes
  }

  /** A stretch of lines; the next one is read while what was gathered of this one goes out. */
  async take(lines: readonly RawLine[], next: number): Promise<SegmentStep> {
    const stretch: Stretch = { next, left: 1 }
    this.open.push(stretch)
    const ahead = new NextLine(this.segment, lines)
    for (let read = ahead.take(); read; read = ahead.take()) {
      const { line, entries } = read
      for (const entry of read.queued) {
        if (!this.isOpen(line, entry)) continue
        if (!line.isTerminated && this.mayGrow(entries)) return (await this.sendGathered()) ?? 'tail'
        // with calls in flight their sender lets the acts in
        const acts = this.sender.isIdle ? this.deps.between() : undefined
        if (acts) await acts
        if (this.deps.isStopping()) return 'stopped'
        const handled = this.handle(entry, stretch, () => {
          ahead.read()
          const next = read.queued[entry.sub + 1] ?? ahead.first
          if (next?.kind === 'call') this.deps.ready.makeKey(next)
        })
        const step = typeof handled === 'string' ? handled : await handled
        if (step !== 'next') return step
      }
    }
    if (this.sender.isIdle && this.ahead.entries.length === 0) this.leave(stretch)
    // its last calls are in this window, or in the one that goes out
    else this.ahead.onSent.push(() => this.leave(stretch))
    return 'next'
  }

  /** Sends what was gathered of the last lines. */
  async finish(): Promise<SegmentStep> {
    return (await this.sendGathered()) ?? 'next'
  }

  /** What was handed over has gone out, or was stopped. */
  async idle(): Promise<void> {
    await this.sender.idle()
  }

  /** Whether a call has no end yet; a torn last line that its writer completed has none any more. */
  private isOpen({ offset }: RawLine, entry: QueuedEntry): boolean {
    const { sub } = entry
    if (!this.segment.isEnded(offset, sub)) return true
    const was = this.segment.setAside.get(keyOf(offset, sub))
    const isAside = entry.kind === 'unsendable' && entry.why.kind === 'aside'
    if (!was || !mayBeCompleted(was.cause) || isAside) return false
    this.segment.counted++
    this.segment.note({ kind: 'resolved', offset, sub, at: this.deps.clock.now(), how: 'completed' })
    return true
  }

  private mayGrow(entries: readonly Entry[]): boolean {
    // a clock that was set back, or a server's other clock, must not keep the line waiting for ever
    const quietMs = Math.abs(this.deps.clock.now() - this.segment.mtime)
    return quietMs < (isWhole(entries) ? this.deps.quietMs() : this.deps.tornMs())
  }

  /** Resolved at once where nothing is waited for: of thousands of calls each promise counts. */
  private handle(
    entry: QueuedEntry,
    stretch: Stretch,
    whileItWorks: () => void,
  ): SegmentStep | Promise<SegmentStep> {
    if (this.segment.origin === 'removed') {
      this.deps.ends.setAside(entry, { code: 'removed' }, null)
      return 'next'
    }
    if (this.sendsAhead()) {
      this.ahead.add(entry)
      if (this.ahead.isFull) return this.sender.take(this.handOver())
      return this.ahead.entries.length % GATHERED_A_CALL === 0 ? this.sender.nextUnderWay() : 'next'
    }
    if (this.ahead.entries.length === 0 && this.sender.isIdle)
      return this.sendByItself(entry, stretch, whileItWorks)
    return this.sendGathered().then((step) => step ?? this.sendByItself(entry, stretch, whileItWorks))
  }

  private sendByItself(
    entry: QueuedEntry,
    stretch: Stretch,
    whileItWorks: () => void,
  ): SegmentStep | Promise<SegmentStep> {
    const { deps, lanes } = this
    if (entry.kind === 'unsendable') {
      this.endUnsendable(entry)
      return 'next'
    }
    if (deps.lanes() > 1 && entry.target.lane !== 'barrier') return this.offer(entry, stretch)
    if (lanes.isIdle) return lanes.halted() ?? sendCall(deps, entry, whileItWorks)
    return lanes.idle().then(() => lanes.halted() ?? sendCall(deps, entry, whileItWorks))
  }

  private endUnsendable(entry: Unsendable): void {
    const { ends } = this.deps
    if (entry.why.kind === 'aside') ends.setAside(entry, entry.why.cause, null)
    else ends.skip(entry, 'read')
  }

  /** In strict order, to a server that keeps our keys; the first call after a pause goes out alone. */
  private sendsAhead(): boolean {
    const { connection } = this.deps
    return this.deps.lanes() <= 1 && connection.isReady() && connection.server().keepsKeys
  }

  private handOver(): Window {
    const window = this.ahead
    this.ahead = new Window()
    return window
  }

  /** Sends what was gathered; undefined where nothing stops the run. */
  private async sendGathered(): Promise<Exclude<SegmentStep, 'next'> | undefined> {
    const { sender } = this
    const window = this.handOver()
    const [first] = window.entries
    let step: SegmentStep = 'next'
    if (first) {
      await this.lanes.idle()
      step = this.lanes.halted() ?? (await this.sendWindow(window, first))
    }
    if (step === 'next' && !sender.isIdle) step = await sender.idle()
    if (step !== 'next') return step
    window.tellSent()
    return undefined
  }

  /** A call by itself goes the other way: its headers are made while the disk works. */
  private sendWindow(window: Window, first: QueuedEntry): Promise<SegmentStep> {
    const isAlone = window.entries.length === 1 && first.kind === 'call' && this.sender.isIdle
    return isAlone ? sendCall(this.deps, first) : this.sender.take(window)
  }

  /** Hands a call to its lane; waits only where there is no room for the next one. */
  private offer(call: QueuedCall, stretch: Stretch): SegmentStep | Promise<SegmentStep> {
    const { deps, lanes } = this
    stretch.left++
    const full = lanes.offer(call.target.lane, call.length, async () => {
      if (deps.isStopping()) return 'stopped'
      const step = await sendCall(deps, call)
      if (step !== 'next') return step
      this.leave(stretch)
      return undefined
    })
    return full ? full.then(() => lanes.halted() ?? 'next') : (lanes.halted() ?? 'next')
  }

  /** One call less, or the reading of its lines, keeps a stretch open. */
  private leave(stretch: Stretch): void {
    stretch.left--
    for (let first = this.open[0]; first?.left === 0; first = this.open[0]) {
      this.segment.checkpoint(first.next)
      this.open.shift()
    }
  }
}
