/** A call in its place: what stands in the line, and what the rules need to know of it. Made once, when its turn comes. */
import type { Cause } from '../../../../shared/cause.ts'
import type { EpochMs } from '../../../../shared/time.ts'
import type { Entry, SendableCall } from '../lines/parse-line.ts'
import type { RawLine } from '../lines/split-lines.ts'
import { hash32 } from '../lines/text.ts'
import type { Segment } from '../segments/segment.ts'
import { callTime } from './call-time.ts'
import { targetOf, type CallTarget } from './call-target.ts'

interface InLine {
  /** `<segment>.<offset>.<sub>`, for the life of the call. */
  readonly id: string
  readonly segment: Segment
  readonly offset: number
  readonly sub: number
  readonly raw: Entry['raw']
  /** As written; null where the line has none. */
  readonly ts: string | null
  readonly method: string | null
  readonly path: string | null
  /** False: the last line of the file, without a newline. */
  readonly isTerminated: boolean
}

/** A call that can be sent. */
export interface QueuedCall extends InLine {
  readonly kind: 'call'
  readonly request: SendableCall
  readonly target: CallTarget
  /** When it was made; undefined where that is not known. */
  readonly time: EpochMs | undefined
  /** Bytes of its line. */
  readonly length: number
  hashes(): CallHashes
}
/** Something in a line that is never sent. */
export interface Unsendable extends InLine {
  readonly kind: 'unsendable'
  readonly why: { readonly kind: 'read' } | { readonly kind: 'aside'; readonly cause: Cause }
}
export type QueuedEntry = QueuedCall | Unsendable

/** For look-ups that are confirmed by comparing the real thing; each made once. */
export interface CallHashes {
  /** Of method, path and body, then of the whole line. */
  readonly line: string
  readonly resource: string
  /** Empty where the call names no session. */
  readonly session: string
}

export function queuedEntry(segment: Segment, line: RawLine, entry: Entry): QueuedEntry {
  const { offset, isTerminated, length } = line
  const { sub, raw, ts, method, path, verdict } = entry
  const id = `${segment.name}.${offset}.${sub}`
  const inLine = { id, segment, offset, sub, raw, ts, method, path, isTerminated }
  if (verdict.kind !== 'send') return { kind: 'unsendable', ...inLine, why: verdict }
  const request = verdict.call
  const target = targetOf(request)
  const time = callTime(ts, segment.seenAt(offset), segment.mtime)
  let hashes: CallHashes | undefined
  return {
    kind: 'call',
    ...inLine,
    request,
    target,
    time,
    length,
    hashes: () => (hashes ??= hashesOf(request, raw, target)),
  }
}

const hashesOf = (request: SendableCall, raw: Entry['raw'], target: CallTarget): CallHashes => ({
  line:
    hash32(`${request.method} ${request.path} ${request.body ?? ''}`) +
    hash32(typeof raw === 'string' ? raw : raw.base64),
  resource: hash32(target.resource),
  session: target.session === null ? '' : hash32(target.session),
})

/** The sessions that a call names. */
export const sessionsOf = (entry: QueuedEntry): readonly string[] =>
  entry.kind === 'call' && entry.target.session !== null && entry.target.session !== ''
    ? [entry.target.session]
    : []
