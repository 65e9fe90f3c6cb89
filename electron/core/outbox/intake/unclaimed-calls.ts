/** The calls that stand in a queue file unclaimed. What has grown is counted on from where it ended; a page is read from a mark. */
import type { EpochMs } from '../../../../shared/time.ts'
import type { FileInfo, FileSystem, OpenFile } from '../../ports.ts'
import { countCalls } from '../lines/count-calls.ts'
import { parseLine, type Entry } from '../lines/parse-line.ts'
import { scanLines, type RawLine } from '../lines/split-lines.ts'
import { callTime } from '../replay/call-time.ts'
import { ReadFault } from '../segments/segment.ts'
import { toWaitingRow, WAITING_SHOWN, waitingId, type WaitingRow } from '../summary-rows.ts'

/** A page is found from the mark before it: so many calls are passed over at most. */
const MARK_EVERY = 500

export interface Unclaimed {
  readonly identity: string
  readonly size: number
  readonly count: number
  /** The first ones, in order. */
  readonly next: readonly WaitingRow[]
}
export const NOTHING: Unclaimed = { identity: '', size: 0, count: 0, next: [] }

/** What was counted, up to an offset behind whole lines. */
interface Counted {
  readonly identity: string
  to: number
  count: number
  readonly next: WaitingRow[]
  readonly marks: { readonly offset: number; readonly before: number }[]
}
export type SeenAt = (offset: number) => EpochMs | undefined

export class UnclaimedCalls {
  private readonly fs: FileSystem
  private whole: Counted | undefined
  private last: Unclaimed = NOTHING

  constructor(fs: FileSystem) {
    this.fs = fs
  }

  /** As last counted. */
  get counted(): Unclaimed {
    return this.last
  }
  forget(): Unclaimed {
    this.whole = undefined
    return (this.last = NOTHING)
  }
  isOf({ identity, size }: FileInfo): boolean {
    return identity === this.last.identity && size === this.last.size
  }

  /** Counts what is in the file; what was known stays where it cannot be read. */
  async count(path: string, { identity, size, mtimeMs }: FileInfo, seenAt: SeenAt): Promise<Unclaimed> {
    const known = this.whole?.identity === identity && this.whole.to <= size ? this.whole : undefined
    const counted: Counted = known ?? { identity, to: 0, count: 0, next: [], marks: [] }
    /** On an unterminated last line: counted again when it has grown. */
    let inTail = 0
    const tail: WaitingRow[] = []
    const take = (line: RawLine): void => {
      // a row needs the parse, a count does not
      const entries = counted.next.length < WAITING_SHOWN ? parseLine(line) : []
      const calls = entries.length > 0 ? entries.length : countCalls(line).calls
      if (counted.count - (counted.marks.at(-1)?.before ?? 0) >= MARK_EVERY)
        counted.marks.push({ offset: line.offset, before: counted.count })
      const rows = entries
        .slice(0, Math.max(0, WAITING_SHOWN - counted.next.length))
        .map((entry) => rowOf(identity, line, entry, seenAt, mtimeMs))
      if (!line.isTerminated) {
        inTail = calls
        tail.push(...rows)
        return
      }
      counted.count += calls
      counted.next.push(...rows)
    }
    const isRead = await this.read(path, counted.to, size, (lines, next) => {
      for (const line of lines) take(line)
      counted.to = next
      return true
    })
    if (!isRead) return this.last
    this.whole = counted
    return (this.last = {
      identity,
      size,
      count: counted.count + inTail,
      next: [...counted.next, ...tail],
    })
  }

  /** `limit` of them, behind the first `offset`, as last counted. */
  async page(path: string, offset: number, limit: number, seenAt: SeenAt): Promise<readonly WaitingRow[]> {
    const { whole, last } = this
    if (!whole || offset >= last.count) return []
    const mark = whole.marks.findLast(({ before }) => before <= offset)
    let toPass = offset - (mark?.before ?? 0)
    const rows: WaitingRow[] = []
    await this.read(path, mark?.offset ?? 0, last.size, (lines) => {
      for (const line of lines)
        for (const entry of parseLine(line)) {
          if (toPass-- > 0) continue
          rows.push(rowOf(last.identity, line, entry, seenAt, 0))
          if (rows.length >= limit) return false
        }
      return true
    })
    return rows
  }

  /** The call that waits at a place; undefined where none does. */
  async entryAt(
    path: string,
    place: { readonly offset: number; readonly sub: number },
  ): Promise<Entry | undefined> {
    let found: Entry | undefined
    if (place.offset < this.last.size)
      await this.read(path, place.offset, this.last.size, (lines) => {
        const line = lines.find((one) => one.offset === place.offset)
        found = line && parseLine(line)[place.sub]
        return lines.length === 0
      })
    return found
  }

  /** Streams lines until `take` has enough; false where the file cannot be read. */
  private async read(
    path: string,
    from: number,
    to: number,
    take: (lines: readonly RawLine[], next: number) => boolean,
  ): Promise<boolean> {
    const opened = await this.fs.openRead(path)
    if (!opened.ok) return false
    try {
      for await (const batch of scanLines(readerOf(opened.value), from, to))
        if (!take(batch.lines, batch.next)) break
      return true
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error
      return false
    } finally {
      await opened.value.close()
    }
  }
}

function rowOf(identity: string, line: RawLine, entry: Entry, seenAt: SeenAt, mtimeMs: EpochMs): WaitingRow {
  const at = callTime(entry.ts, seenAt(line.offset), mtimeMs)
  return toWaitingRow(waitingId(identity, line.offset, entry.sub), entry, at)
}

function readerOf(file: OpenFile): (offset: number, length: number) => Promise<Uint8Array> {
  return async (offset, length) => {
    const bytes = await file.readAt(offset, length)
    if (!bytes.ok) throw new ReadFault(bytes.error)
    return bytes.value
  }
}
