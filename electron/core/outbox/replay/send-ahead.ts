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
import { endFoundApplied, endUnsent, headersOf, lookUp, request, type SendDeps } from './send-call.ts'

const MOST_CALLS = 64
const MOST_BYTES = 256 * 1024
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
  private bytes = 0

  add(entry: QueuedEntry): void {
    this.entries.push(entry)
    if (entry.kind === 'call') this.bytes += entry.length
  }
  get isFull(): boolean {
    return this.entries.length >= MOST_CALLS || this.bytes >= MOST_BYTES
  }
}

/** Sends a window; what does not go out in it has no intent when this returns, unless it was in doubt before. */
export async function sendAhead(deps: AheadDeps, { entries }: Window): Promise<Step> {
  const calls = entries.filter((e) => e.kind === 'call')
  const doubts = new Map<QueuedCall, Doubt>()
  for (const call of calls) {
    const doubt = call.segment.doubtOf(call.offset, call.sub)
    if (doubt) doubts.set(call, doubt)
    else noteIntent(deps, call)
  }
  const [first] = entries
  if (first && !(await deps.commit(first.segment))) {
    for (const call of calls) if (!doubts.has(call)) call.segment.dropIntent(call.offset, call.sub, undefined)
    return 'fault'
  }
  /** A call whose first sending is still in doubt stays so: what became of that one, no later answer tells. */
  const noteNoEffect = (call: QueuedCall): void => {
    if (!doubts.has(call)) noteUnsent(call)
  }
  const isAdopted = doubts.size === 0 || (await adoptDoubts(deps, doubts))
  const sending = { ...deps, noteNoEffect }
  let step: Step = isAdopted ? 'next' : 'paused'
  let committedAt = deps.clock.monotonic()
  for (const entry of entries) {
    if (step === 'next' && deps.clock.monotonic() - committedAt >= COMMIT_EVERY_MS) {
      committedAt = deps.clock.monotonic()
      if (!(await deps.commit(entry.segment))) step = 'fault'
    }
    if (step === 'next') step = await sendOne(sending, entry, doubts)
    else if (entry.kind === 'call') noteNoEffect(entry)
  }
  return step
}

function noteIntent({ clock }: AheadDeps, { segment, offset, sub }: QueuedCall): void {
  segment.note({ kind: 'intent', offset, sub, at: clock.now(), attempt: 1 })
}

async function sendOne(
  deps: AheadDeps,
  entry: QueuedEntry,
  doubts: ReadonlyMap<QueuedCall, Doubt>,
): Promise<Step> {
  const acts = deps.between()
  if (acts) await acts
  if (deps.isStopping()) return notSent(deps, entry, 'stopped')
  if (entry.kind === 'unsendable') {
    deps.endUnsendable(entry)
    return 'next'
  }
  const doubt = doubts.get(entry)
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
  return sendNow(deps, entry)
}

async function sendNow(deps: AheadDeps, call: QueuedCall): Promise<Step> {
  // another workspace may have been told to wait meanwhile: the pause is one for all
  if (!deps.connection.isReady() && !(await deps.connection.admit())) return notSent(deps, call, 'paused')
  if (!deps.isOwner()) {
    // another owner's lease stands in the folder
    deps.connection.unsent()
    return notSent(deps, call, 'stopped')
  }
  return afterAnswer(deps, call, await request(deps, call, headersOf(deps, call)))
}

function notSent(deps: AheadDeps, entry: QueuedEntry, step: Step): Step {
  if (entry.kind === 'call') deps.noteNoEffect(entry)
  return step
}
