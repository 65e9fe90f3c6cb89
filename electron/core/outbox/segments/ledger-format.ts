/**
 * The bytes of a ledger, format 1: one line a record, `<json>\t<crc32 as eight hex digits>\n`, only ever appended.
 * Records are independent: a torn or damaged line is ignored, the others still count. Names are short on disk only.
 */
import { causeCodeOf, type CauseCode } from '../../../../shared/cause.ts'
import { decodeUtf8, encodeUtf8 } from '../lines/text.ts'
import type { DeliveredRecord, LedgerRecord } from './ledger-records.ts'

const TABLE = new Uint32Array(256).map((_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

/** CRC-32 (IEEE 802.3) as eight hex digits. */
export const crc32 = (bytes: Uint8Array): string => sumOf(bytes).toString(16).padStart(8, '0')

function sumOf(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (const byte of bytes) c = (TABLE[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

/** A record as it stands on disk. The order of the keys is part of what earlier builds wrote; nothing reads it. */
type Wire = Readonly<Record<string, unknown>>

function deliveredToWire(r: DeliveredRecord): Wire {
  return {
    t: 'delivered',
    o: r.offset,
    s: r.sub,
    at: r.at,
    st: r.status,
    h: r.lineHash,
    k: r.resourceHash,
    z: r.sessionHash,
    ...(r.note === undefined ? {} : { note: r.note }),
    ...(r.lock === undefined ? {} : { lock: r.lock }),
    ...(r.drain === undefined ? {} : { d: r.drain }),
    ...(r.component === undefined ? {} : { comp: r.component }),
  }
}

function toWire(r: Exclude<LedgerRecord, { kind: 'unknown' }>): Wire {
  switch (r.kind) {
    case 'header':
      return {
        t: 'header',
        v: r.version,
        at: r.at,
        identity: r.identity,
        size: r.size,
        mtime: r.mtime,
        origin: r.origin,
        ...(r.replaces === undefined ? {} : { from: r.replaces }),
      }
    case 'first-seen':
      return { t: 'seen', o: r.offset, at: r.at }
    case 'intent':
      return { t: 'intent', o: r.offset, s: r.sub, at: r.at, n: r.attempt }
    case 'unsent':
      return { t: 'unsent', o: r.offset, s: r.sub }
    case 'retry':
      return { t: 'retry', o: r.offset, s: r.sub, at: r.at, st: r.status, healthy: r.isHealthy }
    case 'delivered':
      return deliveredToWire(r)
    case 'set-aside':
      return {
        t: 'aside',
        o: r.offset,
        s: r.sub,
        at: r.at,
        // builds before the codes have the words alone
        reason: r.reason,
        c: r.cause,
        st: r.status,
        ...(r.field === undefined ? {} : { f: r.field }),
        ...(r.holder === undefined ? {} : { by: r.holder }),
      }
    case 'skipped':
      return { t: 'skipped', o: r.offset, s: r.sub, at: r.at, reason: r.reason }
    case 'resolved':
      return { t: 'gone', o: r.offset, s: r.sub, at: r.at, why: r.how }
    case 'resolution-reverted':
      return { t: 'kept', o: r.offset, s: r.sub }
    case 'damage-noted':
      return { t: 'reread', n: r.lines }
    case 'checkpoint':
      return { t: 'upto', o: r.offset }
    case 'end':
      return { t: 'end', o: r.offset, at: r.at, ...(r.drain === undefined ? {} : { d: r.drain }) }
  }
}

/** The CRC has shown that the line is as it was written; so its fields are what their kind says. */
function fromWire(w: Wire): LedgerRecord {
  const offset = w['o'] as number
  const at = w['at'] as number
  const here = { offset, sub: w['s'] as number }
  switch (w['t']) {
    case 'header':
      return {
        kind: 'header',
        version: w['v'] as number,
        at,
        identity: w['identity'] as string,
        size: w['size'] as number,
        mtime: w['mtime'] as number,
        origin: w['origin'] as 'queue',
        ...(w['from'] === undefined ? {} : { replaces: w['from'] as string }),
      }
    case 'seen':
      return { kind: 'first-seen', offset, at: w['at'] as number | null }
    case 'intent':
      return { kind: 'intent', ...here, at, attempt: w['n'] as number }
    case 'unsent':
      return { kind: 'unsent', ...here }
    case 'retry':
      return {
        kind: 'retry',
        ...here,
        at,
        status: w['st'] as number,
        isHealthy: w['healthy'] as boolean,
      }
    case 'delivered':
      return deliveredOf(w)
    case 'aside':
      return {
        kind: 'set-aside',
        ...here,
        at,
        cause: (w['c'] as CauseCode | undefined) ?? causeCodeOf(w['reason'] as string),
        reason: w['reason'] as string,
        status: w['st'] as number | null,
        ...(w['f'] === undefined ? {} : { field: w['f'] as string }),
        ...(w['by'] === undefined ? {} : { holder: w['by'] as string }),
      }
    case 'skipped':
      return { kind: 'skipped', ...here, at, reason: w['reason'] as 'read' }
    case 'gone':
      return { kind: 'resolved', ...here, at, how: w['why'] as 'discarded' }
    case 'kept':
      return { kind: 'resolution-reverted', ...here }
    case 'reread':
      return { kind: 'damage-noted', lines: w['n'] as number }
    case 'upto':
      return { kind: 'checkpoint', offset }
    case 'end':
      return { kind: 'end', offset, at, ...(w['d'] === undefined ? {} : { drain: w['d'] as string }) }
    default:
      return { kind: 'unknown' }
  }
}

function deliveredOf(w: Wire): DeliveredRecord {
  return {
    kind: 'delivered',
    offset: w['o'] as number,
    sub: w['s'] as number,
    at: w['at'] as number,
    status: w['st'] as number,
    lineHash: w['h'] as string,
    resourceHash: w['k'] as string,
    sessionHash: w['z'] as string,
    ...(w['note'] === undefined ? {} : { note: w['note'] as string }),
    ...(w['lock'] === undefined ? {} : { lock: w['lock'] as string }),
    ...(w['d'] === undefined ? {} : { drain: w['d'] as string }),
    ...(w['comp'] === undefined ? {} : { component: w['comp'] as [string, string | null] }),
  }
}

/** The lines of some records. What a newer build wrote cannot be written again, and never has to be. */
export function encodeRecords(records: readonly LedgerRecord[]): Uint8Array {
  const texts: string[] = []
  for (const record of records) if (record.kind !== 'unknown') texts.push(JSON.stringify(toWire(record)))
  // a character has at most three bytes
  const all = new Uint8Array(texts.reduce((sum, text) => sum + 3 * text.length + 10, 0))
  let at = 0
  for (const text of texts) {
    let crc = putAscii(all, at, text)
    if (crc === undefined) {
      const bytes = encodeUtf8(text)
      all.set(bytes, at)
      crc = sumOf(bytes)
      at += bytes.length
    } else at += text.length
    all[at++] = 0x09
    for (let shift = 28; shift >= 0; shift -= 4) all[at++] = HEX.charCodeAt((crc >>> shift) & 0xf)
    all[at++] = 0x0a
  }
  return all.subarray(0, at)
}
const HEX = '0123456789abcdef'

/** Puts a text that is ASCII, as nearly all are, and gives its sum, in one pass; undefined where it is not. */
function putAscii(all: Uint8Array, at: number, text: string): number | undefined {
  let c = 0xffffffff
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i)
    if (byte > 0x7f) return undefined
    all[at + i] = byte
    c = (TABLE[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8)
  }
  return (c ^ 0xffffffff) >>> 0
}

export interface DecodedLedger {
  readonly records: readonly LedgerRecord[]
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
  end(): Omit<DecodedLedger, 'records'>
}

/** The record of a whole line without its newline; undefined where the line is damaged. */
function recordOf(bytes: Uint8Array): LedgerRecord | undefined {
  const body = bytes.subarray(0, Math.max(0, bytes.length - 9))
  const isWhole =
    bytes[bytes.length - 9] === 0x09 && decodeUtf8(bytes.subarray(bytes.length - 8)) === crc32(body)
  const text = isWhole ? decodeUtf8(body) : undefined
  if (text === undefined) return undefined
  try {
    return fromWire(JSON.parse(text) as Wire)
  } catch {
    return undefined
  }
}

/** Reads what of a ledger can be trusted, bit by bit; `take` is told how many damaged lines stand before. */
export function createLedgerDecoder(take: (record: LedgerRecord, damaged: number) => void): LedgerDecoder {
  let rest: Uint8Array = new Uint8Array(0)
  let damaged = 0
  let isTorn = false
  return {
    push(chunk) {
      if (chunk.length === 0) return
      isTorn = chunk[chunk.length - 1] !== 0x0a
      const bytes = rest.length > 0 ? concat(rest, chunk) : chunk
      let at = 0
      for (let lf = bytes.indexOf(0x0a, at); lf >= 0; lf = bytes.indexOf(0x0a, at)) {
        if (lf > at) {
          const record = recordOf(bytes.subarray(at, lf))
          if (record) take(record, damaged)
          else damaged++
        }
        at = lf + 1
      }
      rest = bytes.subarray(at)
    },
    end() {
      // a tail that lacks only its newline counts, as it would once the next append completes it
      const tail = rest.length > 0 ? recordOf(rest) : undefined
      const isTailDamaged = rest.length > 0 && tail === undefined
      if (tail) take(tail, damaged)
      rest = new Uint8Array(0)
      return { damaged, isTailDamaged, isTorn }
    },
  }
}

/** The same for a ledger that is in memory whole. */
export function decodeLedger(bytes: Uint8Array): DecodedLedger {
  const records: LedgerRecord[] = []
  const decoder = createLedgerDecoder((record) => void records.push(record))
  decoder.push(bytes)
  return { records, ...decoder.end() }
}

/** Two runs of bytes, one behind the other. */
export function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
