/**
 * The ledger beside a segment: what became of each of its calls, one CRC-ed line per fact, append-only (DESIGN 5.2).
 * Facts are independent: a torn or damaged line is ignored, the others still count.
 */
import type { SkipReason } from '../../../../shared/call.ts'
import type { CauseCode } from '../../../../shared/cause.ts'
import type { EpochMs } from '../../../../shared/time.ts'
import { decodeUtf8, encodeUtf8 } from '../lines/text.ts'

export const LEDGER_VERSION = 1

/** `o`, `s`: byte offset and sub-index of the call in the segment. `at`: wall clock of this machine. */
export type Fact =
  | {
      readonly t: 'header'
      readonly v: number
      readonly at: EpochMs
      /** Device and inode of the claimed file, and its size and mtime at the claim. */
      readonly identity: string
      readonly size: number
      readonly mtime: EpochMs
      /** `queue`: claimed by rename. `removed`: another program removed the file, our guard kept it. `again`: a person sends a call anyway. */
      readonly origin: 'queue' | 'removed' | 'again'
      /** For `again`: the call it replaces. */
      readonly from?: string
    }
  /** Bytes below `o` (and not below an earlier `seen`) were first seen at `at` by a running engine; null: it was not running then. */
  | { readonly t: 'seen'; readonly o: number; readonly at: EpochMs | null }
  | { readonly t: 'intent'; readonly o: number; readonly s: number; readonly at: EpochMs; readonly n: number }
  /** The intent did not leave this machine, or was answered without effect. */
  | { readonly t: 'unsent'; readonly o: number; readonly s: number }
  | {
      readonly t: 'retry'
      readonly o: number
      readonly s: number
      readonly at: EpochMs
      readonly st: number
      readonly healthy: boolean
    }
  | {
      readonly t: 'delivered'
      readonly o: number
      readonly s: number
      readonly at: EpochMs
      readonly st: number
      /** Hashes of the raw line, the resource and the session, for the `duplicate` rule. */
      readonly h: string
      readonly k: string
      readonly z: string
      readonly note?: string
      /** Id of the resource lock that a claim got. */
      readonly lock?: string
      /** Component key and the `updated_at` that the answer gave: a replay's own write never supersedes. */
      readonly comp?: readonly [string, string | null]
    }
  | {
      readonly t: 'aside'
      readonly o: number
      readonly s: number
      readonly at: EpochMs
      /** Words made from the cause; builds that know no codes have only them. */
      readonly reason: string
      readonly c?: CauseCode
      readonly st: number | null
    }
  | {
      readonly t: 'skipped'
      readonly o: number
      readonly s: number
      readonly at: EpochMs
      readonly reason: SkipReason
    }
  /** A person dealt with a set-aside or skipped call, or its line was completed later. */
  | {
      readonly t: 'gone'
      readonly o: number
      readonly s: number
      readonly at: EpochMs
      readonly why: 'discarded' | 'again' | 'completed'
    }
  /** A `gone` before this did not count: the person was told that it failed. */
  | { readonly t: 'kept'; readonly o: number; readonly s: number }
  /**
   * Whoever wrote what follows knew this ledger with `n` damaged lines before this one. An `upto` or `end` behind damage that
   * its writer did not know of says nothing: the damaged line may have been the only one that set a call aside.
   */
  | { readonly t: 'reread'; readonly n: number }
  /** Every call below this offset has its end. */
  | { readonly t: 'upto'; readonly o: number }
  /** Every call of the first `o` bytes has its end. */
  | { readonly t: 'end'; readonly o: number; readonly at: EpochMs }

const TABLE = new Uint32Array(256).map((_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

/** CRC-32 (IEEE 802.3) as eight hex digits. */
export function crc32(bytes: Uint8Array): string {
  let c = 0xffffffff
  for (const byte of bytes) c = (TABLE[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8)
  return ((c ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')
}

export function encodeFacts(facts: readonly Fact[]): Uint8Array {
  const lines = facts.map((fact) => encodeUtf8(JSON.stringify(fact)))
  const all = new Uint8Array(lines.reduce((sum, line) => sum + line.length + 10, 0))
  let at = 0
  for (const line of lines) {
    all.set(line, at)
    all[at + line.length] = 0x09
    const crc = crc32(line)
    for (let i = 0; i < 8; i++) all[at + line.length + 1 + i] = crc.charCodeAt(i)
    at += line.length + 10
    all[at - 1] = 0x0a
  }
  return all
}

export interface DecodedLedger {
  readonly facts: readonly Fact[]
  /** Damaged lines in the middle; a torn tail is not counted. */
  readonly damaged: number
  /** The tail is torn, and will be one damaged line more as soon as something is appended. */
  readonly isTailDamaged: boolean
  /** The last byte is no newline: the next append must start on a line of its own. */
  readonly isTorn: boolean
}

export interface LedgerDecoder {
  /** The next bytes of the file, cut anywhere. */
  push(bytes: Uint8Array): void
  end(): Omit<DecodedLedger, 'facts'>
}

/** Reads what of a ledger can be trusted, bit by bit; `take` is told how many damaged lines stand before. Unknown kinds of a newer version are ignored by the caller. */
export function createLedgerDecoder(take: (fact: Fact, damaged: number) => void): LedgerDecoder {
  let rest: Uint8Array = new Uint8Array(0)
  let damaged = 0
  let isTorn = false
  let isTailDamaged = false

  function line(bytes: Uint8Array, isTerminated: boolean): void {
    if (bytes.length === 0) return
    const body = bytes.subarray(0, Math.max(0, bytes.length - 9))
    const isWhole =
      bytes[bytes.length - 9] === 0x09 && decodeUtf8(bytes.subarray(bytes.length - 8)) === crc32(body)
    const text = isWhole ? decodeUtf8(body) : undefined
    if (text === undefined) {
      // a torn tail is no damage; one that lacks only its newline counts, as it would once the next append completes it
      if (isTerminated) damaged++
      else isTailDamaged = true
      return
    }
    let fact: Fact
    try {
      fact = JSON.parse(text) as Fact
    } catch {
      damaged++
      return
    }
    take(fact, damaged)
  }

  return {
    push(chunk) {
      if (chunk.length === 0) return
      isTorn = chunk[chunk.length - 1] !== 0x0a
      let bytes = chunk
      if (rest.length > 0) {
        bytes = new Uint8Array(rest.length + chunk.length)
        bytes.set(rest)
        bytes.set(chunk, rest.length)
      }
      let at = 0
      for (let lf = bytes.indexOf(0x0a, at); lf >= 0; lf = bytes.indexOf(0x0a, at)) {
        line(bytes.subarray(at, lf), true)
        at = lf + 1
      }
      rest = bytes.subarray(at)
    },
    end() {
      line(rest, false)
      rest = new Uint8Array(0)
      return { damaged, isTailDamaged, isTorn }
    },
  }
}

/** The same for a ledger that is in memory whole. */
export function decodeLedger(bytes: Uint8Array): DecodedLedger {
  const facts: Fact[] = []
  const decoder = createLedgerDecoder((fact) => void facts.push(fact))
  decoder.push(bytes)
  return { facts, ...decoder.end() }
}
