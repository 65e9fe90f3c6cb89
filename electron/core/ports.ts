/**
 * Everything the program may do to the world. Adapters implement these; the core decides.
 * Expected failures are values; a port rejects only on a bug.
 */
import type { Result } from '../../shared/result.ts'
import type { EpochMs } from '../../shared/time.ts'

/** Wall-clock and monotonic time, and timers. The only source of "now" in the core. */
export interface Clock {
  /** Wall clock, for display and expiry. May jump. */
  now(): EpochMs
  /** Milliseconds on a clock that never jumps back; for waits and ages in this run. */
  monotonic(): number
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, task: () => void): () => void
  /** Runs `task` once within `withinMs`, together with all others that wait as long: one wake-up for all. */
  nextBeat?(withinMs: number, task: () => void): () => void
}

/** The zone of the person: minutes east of UTC at an instant. */
export type UtcOffsetAt = (at: EpochMs) => number

/** A number in [0, 1), and random ids. */
export interface Random {
  next(): number
  /** `length` characters of [a-z0-9]. */
  id(length: number): string
}

/** UUIDv5 of a name in this project's own namespace (RFC 9562 5.5). */
export interface Keys {
  uuid5(name: string): string
}

export interface Log {
  info(message: string, data?: Readonly<Record<string, unknown>>): void
  warn(message: string, data?: Readonly<Record<string, unknown>>): void
  error(message: string, data?: Readonly<Record<string, unknown>>): void
}

/** A failed file call: the platform's code (`ENOENT`, `ENOSPC`, …) and where. */
export interface FsError {
  readonly code: string
  readonly path: string
  readonly op: string
}
export type FsResult<T> = Promise<Result<T, FsError>>

export interface FileInfo {
  readonly kind: 'file' | 'directory' | 'other'
  readonly size: number
  readonly mtimeMs: EpochMs
  /** Device and inode as text; equal for two names of the same file. */
  readonly identity: string
  readonly links: number
}

/** An open file. `append` writes all bytes at the end in one write call (or says why not). */
export interface OpenFile {
  readAt(offset: number, length: number): FsResult<Uint8Array>
  append(bytes: Uint8Array): FsResult<null>
  /** Data and size are on disk when this returns (fdatasync; fsync where the platform needs it). */
  sync(): FsResult<null>
  close(): Promise<void>
}

/** The file calls that the outbox makes, one by one, so that a test can fail or kill at each. */
export interface FileSystem {
  readonly separator: '/' | '\\'
  info(path: string): FsResult<FileInfo>
  /** What stands at the path itself: a symbolic link is not followed, and is of kind `other`. */
  linkInfo(path: string): FsResult<FileInfo>
  list(dir: string): FsResult<readonly string[]>
  makeDir(dir: string): FsResult<null>
  rename(from: string, to: string): FsResult<null>
  link(from: string, to: string): FsResult<null>
  unlink(path: string): FsResult<null>
  /** Opens for reading; never creates. */
  openRead(path: string): FsResult<OpenFile>
  /** Opens for appending and reading, creating it with mode 0600 where it is not there. A link is refused (ELOOP). */
  openAppend(path: string): FsResult<OpenFile>
  /** Makes the folder's entries durable; where the platform cannot (Windows), does nothing. */
  syncDir(dir: string): FsResult<null>
  /** Whole small file as bytes. */
  readFile(path: string): FsResult<Uint8Array>
  /** Temp file, write, sync, rename, sync of the folder; mode 0600. */
  writeFile(path: string, bytes: Uint8Array): FsResult<null>
  /** Canonical path with links resolved. */
  realPath(path: string): FsResult<string>
  /** Whether another process has this file open for reading now; undefined where the platform cannot tell. */
  hasForeignReader(path: string): Promise<boolean | undefined>
}

export interface HttpCall {
  readonly method: string
  /** Path and query below the base URL, starting with `/`, ASCII only. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent as it is; absent means no body. */
  readonly body?: Uint8Array | string
  /** Milliseconds for the whole call, where the server is asked to take its time. */
  readonly timeoutMs?: number
  /** The answer's body is read up to this many bytes. */
  readonly maxAnswerBytes?: number
  /** Told at most once, when the bytes are with the system: what is done now costs the call nothing. */
  readonly onSent?: () => void
}
export type HttpOutcome =
  | {
      readonly kind: 'answer'
      readonly status: number
      /** Lower-case names; repeated headers joined by ", ". */
      readonly headers: Readonly<Record<string, string>>
      readonly text: string
      /** The body was longer than `maxAnswerBytes` and was cut there. */
      readonly isCut: boolean
    }
  /**
   * No request byte was sent: refused, DNS, connect time-out, no network; or (`unproven`) the program that answers there
   * could not prove that it is this user's server.
   */
  | { readonly kind: 'unreachable'; readonly detail: string; readonly why?: 'unproven' }
  /** The request may have been applied: reset, time-out or broken answer after bytes were sent. */
  | { readonly kind: 'in-doubt'; readonly detail: string }

/** HTTP to one base URL: no redirects followed, no proxy variables, time-outs in seconds. Never rejects. */
export interface Http {
  readonly baseUrl: string
  request(call: HttpCall): Promise<HttpOutcome>
  close(): Promise<void>
}
