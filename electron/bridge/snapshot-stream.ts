/** Snapshots as a streamed answer: one JSON a line (the first whole, then what differs), an empty line as a beat. */
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { createSnapshotPusher } from '../../shared/push-snapshots.ts'

/** A beat on an idle stream: a client that hears nothing for three of them knows that the connection is gone. */
const BEAT_MS = 10_000
/** Bytes that may wait for the reader. */
const BUFFER_BYTES = 64 * 1024
const MAX_STREAMS = 32

/** Calls the listener with each new snapshot; the return value ends that. */
export type Subscribe = (listener: (snapshot: AppSnapshot) => void) => () => void

export interface SnapshotStream {
  readonly body: ReadableStream<Uint8Array>
  /** Ends it from this side. Asked again it does nothing. */
  end(): void
}

/** A slow reader gets the newest snapshot when it has caught up, never a growing backlog. `onEnd` is called once. */
function streamSnapshots(subscribe: Subscribe, onEnd: () => void): SnapshotStream {
  const encoder = new TextEncoder()
  const pusher = createSnapshotPusher()
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined
  let pending: AppSnapshot | undefined
  let beat: NodeJS.Timeout | undefined
  let unsubscribe = (): void => undefined
  const hasRoom = (): boolean => (stream?.desiredSize ?? 0) > 0
  const write = (text: string): void => stream?.enqueue(encoder.encode(text))
  const push = (): void => {
    if (pending === undefined || !hasRoom()) return
    const line = JSON.stringify(pusher.next(pending)) + '\n'
    pending = undefined
    write(line)
  }
  const letGo = (): boolean => {
    if (stream === undefined) return false
    stream = undefined
    clearInterval(beat)
    unsubscribe()
    onEnd()
    return true
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stream = controller
        write('\n')
        unsubscribe = subscribe((snapshot) => {
          pending = snapshot
          push()
        })
        beat = setInterval(() => {
          if (hasRoom()) write('\n')
        }, BEAT_MS)
      },
      pull: push,
      cancel: () => void letGo(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
  )
  return {
    body,
    end() {
      const controller = stream
      if (letGo()) controller?.close()
    },
  }
}

/** The streams of one server: so many at most, and all end with it. */
export class SnapshotStreams {
  readonly #subscribe: Subscribe
  readonly #open = new Set<SnapshotStream>()

  constructor(subscribe: Subscribe) {
    this.#subscribe = subscribe
  }

  /** Undefined: there are too many. */
  open(): SnapshotStream | undefined {
    if (this.#open.size >= MAX_STREAMS) return undefined
    const stream = streamSnapshots(this.#subscribe, () => this.#open.delete(stream))
    this.#open.add(stream)
    return stream
  }

  endAll(): void {
    for (const stream of [...this.#open]) stream.end()
  }
}
