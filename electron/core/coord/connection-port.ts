/** The connection to the coordination API as the rest of the program sees it. One per base URL, shared by all that talk to it. */
import type { ConnectionView } from '../../../shared/connection.ts'
import type { Extension } from '../../../shared/extensions.ts'
import type { HttpCall, HttpOutcome } from '../ports.ts'

/** What the server said of itself in `/health`, when it was last identified. */
export interface ServerFacts {
  /** What it offers beyond the protocol. */
  readonly extensions: ReadonlySet<Extension>
  /** It keeps our `Idempotency-Key`: a call that is sent twice has one effect. */
  readonly keepsKeys: boolean
  /** A server of ours: read marks are kept per session. */
  readonly isOurs: boolean
}
export const UNKNOWN_SERVER: ServerFacts = { extensions: new Set(), keepsKeys: false, isOurs: false }

export interface GetOptions {
  /** The answer is cut there; 16 MiB where absent. */
  readonly maxAnswerBytes?: number
  /** The `ETag` of what is known already: 304 where it is still so. */
  readonly ifNoneMatch?: string | undefined
}

export interface Connection {
  view(): ConnectionView
  /** Called on every change of the view. Returns the unsubscribe function. */
  onChange(listener: (view: ConnectionView) => void): () => void
  /** Probes now if need be (at most once a second) and says whether calls may be sent. */
  ensure(): Promise<boolean>
  /** Whether calls may be sent, as last known; no contact. */
  isReady(): boolean
  /** A person or an event (resume, network change, new line) asks to try now. */
  retryNow(): void
  /** Starts probing by itself while not online. */
  start(): void
  stop(): void
  /** A read: what fails is taken into the state of the connection. GET only. */
  get(path: string, options?: GetOptions): Promise<HttpOutcome>
  /** A live write on a person's behalf (release, mark read, send): no retry, outcome to the caller. */
  send(call: HttpCall): Promise<HttpOutcome>
  /** Measured server clock minus local clock, in milliseconds; 0 before the first answer. */
  serverSkewMs(): number
  /** What it is that answers; `UNKNOWN_SERVER` before the first identification. */
  server(): ServerFacts
}

/**
 * Why nothing may be sent: nobody answers, the API asks to wait or has trouble, what answers is not the API, or it is and takes
 * nothing from this machine.
 */
export type PauseCause = 'offline' | 'degraded' | 'wrong-answer' | 'refused'
/** `askedMs`: the API's own wish, never shortened. `backOffMs`: ours. */
export type PauseWish = { readonly askedMs: number } | { readonly backOffMs: number }

/** What the outbox needs beyond that: its calls are themselves what shows that the API is there or gone. */
export interface GatedConnection extends Connection {
  /**
   * May this very call go out now? As `ensure`, but after a pause that the API asked for only one call goes first, as the
   * probe, whatever workspace or lane it comes from; the others wait for what becomes of it.
   */
  admit(): Promise<boolean>
  /** The call that was admitted does not go out after all. */
  unsent(): void
  /** One call of the outbox, after `admit()` said yes. Learns the server's clock from the answer. */
  call(call: HttpCall): Promise<HttpOutcome>
  /** Without a wish: full jitter from 1 s to 60 s. */
  pause(cause: PauseCause, detail: string, wish?: PauseWish): void
  /** Takes an outcome that shows the API away, in trouble or asking to wait as the pause that it means. False: it shows nothing of the kind. */
  pauseFor(outcome: HttpOutcome): boolean
  /** A call went through after an asked-for pause: online again. */
  succeeded(): void
  /** Bounds of (server clock − local clock); undefined before the first dated answer. */
  skewBounds(): { readonly low: number; readonly high: number } | undefined
  /** Milliseconds until `ensure` may have another answer; 0 when that is now. */
  waitMs(): number
}
