/**
 * Intents ahead, for a server that keeps our `Idempotency-Key`: the intents of the next calls are made durable together, and
 * each call is still sent one after the other, in file order. After a crash all open intents are in doubt; sent again with the
 * same key they have no second effect, so none is looked up first but one that a rule would by now skip or set aside.
 */
import type { Doubt } from '../segments/call-states.ts'
import { afterAnswer, noteUnsent, type Step } from './after-answer.ts'
import { decideCall } from './decide-call.ts'
import { adoptDoubts } from './adopt-doubts.ts'
import type { QueuedCall, QueuedEntry, Unsendable } from './queued-call.ts'
import { endFoundApplied, endUnsent, lookUp, request, withCallTime, type SendDeps } from './send-call.ts'

/** Of a window; with the one that goes out meanwhile twice as many are open. */
const MOST_CALLS = 32
const MOST_BYTES = 128 * 1024
/** Over a slow link, what was delivered is made durable this often. */
const COMMIT_EVERY_MS = 1_000
/** Servers keep keys for a day or longer; what is in doubt for longer is looked up first, as if they kept none. */
const KEYS_KEPT_MS = 24 * 3_600_000

export interface AheadDeps extends SendDeps {
  isStopping(): boolean
  /** Lets in what waits for the call in flight; undefined where nothing does. */
  between(): Promise<void> | undefined
  /** Ends an entry that is never sent. */
  endUnsendable(entry: Unsendable): void
}

/** Entries of one segment, in file order, whose intents go to the disk together. */
export class Window {
  readonly entries: QueuedEntry[] = []
  /** To be told when these and all before them have their ends. */
  readonly onSent: (() => void)[] = []
  private bytes = 0

  add(entry: QueuedEntry): void {
    this.entries.push(entry)
    if (entry.kind === 'call') this.bytes += entry.length
  }
  get isFull(): boolean {
    return this.entries.length >= MOST_CALLS || this.bytes >= MOST_BYTES
  }
  /** Told once, whoever says so first. */
  tellSent(): void {
    for (const told of this.onSent.splice(0)) told()
  }
}

/** A window whose intents are on their way to the disk. */
interface Noted {
  readonly entries: readonly QueuedEntry[]
  readonly doubts: ReadonlyMap<QueuedCall, Doubt>
  readonly isDurable: Promise<boolean>
}

/**
 * Sends one window after the other; while the calls of one go out, the intents of the next become durable. What does not go
 * out has no intent once this is idle, unless it was in doubt before.
 */
export class AheadSender {
  private readonly deps: AheadDeps
  private sending: Promise<Step> | undefined
  /** Calls of the window are still to be handled. */
  private isSending = false
  private waiting: { readonly until: Promise<'next'>; readonly end: () => void } | undefined

  constructor(deps: AheadDeps) {
    this.deps = deps
  }

  get isIdle(): boolean {
    return this.sending === undefined
  }

  /** Takes a window once the one before it is sent; else what that one was stopped by. */
  async take(window: Window): Promise<Step> {
    const noted = noteIntents(this.deps, window.entries)
    const step = await this.idle()
    if (step === 'next') this.send(noted, () => window.tellSent())
    else await takeBack(noted)
    return step
  }

  private send(noted: Noted, onSent: () => void): void {
    this.isSending = true
    const sending = sendNoted({ ...this.deps, onUnderWay: () => this.tellWaiting() }, noted)
    const onOver = (): void => {
      this.isSending = false
      this.tellWaiting()
    }
    this.sending = sending.then((step) => {
      if (step === 'next') onSent()
      return step
    })
    this.sending.then(onOver, onOver)
  }

  /** Resolves when the next call of the window is under way, or none is left; at once where none goes out. */
  nextUnderWay(): 'next' | Promise<'next'> {
    if (!this.isSending) return 'next'
    if (!this.waiting) {
      let end: () => void = () => undefined
      const until = new Promise<'next'>((resolve) => (end = () => resolve('next')))
      this.waiting = { until, end }
    }
    return this.waiting.until
  }
  private tellWaiting(): void {
    this.waiting?.end()
    this.waiting = undefined
  }

  /** Nothing is in flight; what stopped the last window, or `next`. Throws what its sending threw. */
  async idle(): Promise<Step> {
    const { sending } = this
    if (!sending) return 'next'
    return sending.finally(() => (this.sending = undefined))
  }
}

function noteIntents(deps: AheadDeps, entries: readonly QueuedEntry[]): Noted {
  const doubts = new Map<QueuedCall, Doubt>()
  for (const entry of entries) {
    if (entry.kind !== 'call') continue
    const doubt = entry.segment.doubtOf(entry.offset, entry.sub)
    if (doubt) doubts.set(entry, doubt)
    else noteIntent(deps, entry)
  }
  const [first] = entries
  return { entries, doubts, isDurable: first ? deps.commit(first.segment) : Promise.resolve(true) }
}

/** Nothing of it goes out. */
async function takeBack({ entries, doubts, isDurable }: Noted): Promise<void> {
  const wasDurable = await isDurable
  for (const entry of entries) {
    if (entry.kind !== 'call' || doubts.has(entry)) continue
    if (wasDurable) noteUnsent(entry)
    else entry.segment.dropIntent(entry.offset, entry.sub, undefined)
  }
}

async function sendNoted(deps: AheadDeps & Pick<Sending, 'onUnderWay'>, noted: Noted): Promise<Step> {
  const { entries, doubts } = noted
  if (!(await noted.isDurable)) {
    await takeBack(noted)
    return 'fault'
  }
  /** A call whose first sending is still in doubt stays so: what became of that one, no later answer tells. */
  const noteNoEffect = (call: QueuedCall): void => {
    if (!doubts.has(call)) noteUnsent(call)
  }
  const isAdopted = doubts.size === 0 || (await adoptDoubts(deps, doubts))
  const sending: Sending = { ...deps, noteNoEffect, doubts }
  let step: Step = isAdopted ? 'next' : 'paused'
  let committedAt = deps.clock.monotonic()
  for (const [i, entry] of entries.entries()) {
    if (step === 'next' && deps.clock.monotonic() - committedAt >= COMMIT_EVERY_MS) {
      committedAt = deps.clock.monotonic()
      if (!(await deps.commit(entry.segment))) step = 'fault'
    }
    if (step === 'next') step = await sendOne(sending, entry, entries[i + 1])
    else if (entry.kind === 'call') noteNoEffect(entry)
  }
  return step
}

function noteIntent({ clock }: AheadDeps, { segment, offset, sub }: QueuedCall): void {
  segment.note({ kind: 'intent', offset, sub, at: clock.now(), attempt: 1 })
}

interface Sending extends AheadDeps {
  readonly doubts: ReadonlyMap<QueuedCall, Doubt>
  /** A call has gone out, and the API works on it. */
  onUnderWay(): void
}

/** `next`: made ready while the API works on this one. */
async function sendOne(deps: Sending, entry: QueuedEntry, next: QueuedEntry | undefined): Promise<Step> {
  const acts = deps.between()
  if (acts) await acts
  if (deps.isStopping()) return notSent(deps, entry, 'stopped')
  if (entry.kind === 'unsendable') {
    deps.endUnsendable(entry)
    return 'next'
  }
  const doubt = deps.doubts.get(entry)
  const asked = decideCall(deps, entry)
  const decision = asked instanceof Promise ? await asked : asked
  if (decision.kind === 'paused') return notSent(deps, entry, 'paused')
  const isOld = doubt !== undefined && deps.clock.now() - doubt.at > KEYS_KEPT_MS
  if (doubt && (decision.kind !== 'send' || isOld)) {
    const row = await lookUp(deps, entry, doubt)
    if (row === 'paused') return row
    if (row) return endFoundApplied(deps, entry, row)
  }
  if (decision.kind !== 'send') return endUnsent(deps, entry, decision)
  deps.history.noteSent(entry.target)
  return sendNow(deps, entry, next)
}

async function sendNow(deps: Sending, call: QueuedCall, next: QueuedEntry | undefined): Promise<Step> {
  // another workspace may have been told to wait meanwhile: the pause is one for all
  if (!deps.connection.isReady() && !(await deps.connection.admit())) return notSent(deps, call, 'paused')
  if (!deps.ready.mayGo(call)) {
    // another owner's lease stands in the folder
    deps.connection.unsent()
    return notSent(deps, call, 'stopped')
  }
  const whileItWorks = (): void => {
    call.hashes()
    if (next?.kind === 'call') {
      deps.ready.makeKey(next)
      deps.ready.readLease(next)
    }
    deps.onUnderWay()
  }
  const headers = withCallTime(deps, call, deps.ready.keyOf(call))
  return afterAnswer(deps, call, await request(deps, call, headers, whileItWorks))
}

function notSent(deps: AheadDeps, entry: QueuedEntry, step: Step): Step {
  if (entry.kind === 'call') deps.noteNoEffect(entry)
  return step
}
