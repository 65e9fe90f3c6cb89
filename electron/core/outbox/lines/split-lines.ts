/**
 * Cuts the bytes of a queue file into lines, without decoding: offsets are identities, so they must be exact.
 * Knows what foreign writers leave behind: BOMs, CRLF, blank lines, UTF-16 lines (Windows PowerShell 5.1 `>>`),
 * NUL runs (a power loss) and a last line without a newline.
 */

/** A line longer than this is set aside, never parsed. */
export const MAX_LINE_BYTES = 1024 * 1024

export interface RawLine {
  /** Offset of the line's first meaningful byte in the file. */
  readonly offset: number
  /** The meaningful bytes: no BOM, newline or surrounding NULs. Cut at MAX_LINE_BYTES + 1 where it is longer. */
  readonly bytes: Uint8Array
  /** Whole length in the file from `offset`, newline not counted. */
  readonly length: number
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be'
  /** False for the last line of a file that does not end in a newline. */
  readonly isTerminated: boolean
}

const LF = 0x0a
const isBlank = (b: number): boolean => b === 0x20 || b === 0x09 || b === 0x0d || b === LF

/** Reads on from an offset; the scanner asks it for bytes as it needs them. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>

const CHUNK = 256 * 1024

type Encoding = RawLine['encoding']

/** Meaningless at the end of a UTF-8 line: blanks, and NULs that a power loss left. */
const isTrailing = (b: number): boolean => isBlank(b) || b === 0

/** A line that is longer than we keep: its first bytes, and how far its meaningful ones reach. */
interface LongLine {
  readonly offset: number
  readonly head: Uint8Array
  readonly encoding: Encoding
  solidTo: number
}

/**
 * Yields each non-blank line from `start` to `end` in batches, one batch a chunk, so that a long file is streamed.
 * `start` must be 0 or the offset just behind a line's newline (or of an unterminated last line).
 * `next` of a batch is the offset to go on from when the file grew: behind the last newline, or the start of the
 * unterminated line. The lines are the same whatever the chunk size.
 */
export async function* scanLines(
  read: ReadAt,
  start: number,
  end: number,
  chunkBytes = CHUNK,
): AsyncGenerator<{ readonly lines: readonly RawLine[]; readonly next: number }> {
  let base = start
  let buffer: Uint8Array = new Uint8Array(0)
  let position = start
  let long: LongLine | undefined
  while (position < end) {
    const chunk = await read(position, Math.min(chunkBytes, end - position))
    if (chunk.length === 0) break
    position += chunk.length
    buffer = buffer.length === 0 ? chunk : concat(buffer, chunk)
    const lines: RawLine[] = []
    let at = 0
    if (long) {
      // a wide line's code units are aligned to its start
      const odd = long.encoding === 'utf-8' ? 0 : (base - long.offset) % 2
      const lf = findNewline(buffer, odd, long.encoding)
      const to = lf < 0 ? buffer.length - (long.encoding === 'utf-8' ? 0 : (buffer.length - odd) % 2) : lf
      extend(long, buffer, to, base)
      if (lf < 0) {
        base += to
        buffer = buffer.subarray(to)
        continue
      }
      lines.push(longLine(long, base + lf, true))
      at = lf + width(long.encoding)
      long = undefined
    }
    at = cutWhole(buffer, at, base, lines)
    base += at
    buffer = buffer.subarray(at)
    if (buffer.length > MAX_LINE_BYTES + 4) {
      const encoding = encodingAt(buffer, 0)
      long = { offset: base, head: buffer.slice(0, MAX_LINE_BYTES + 1), encoding, solidTo: base }
      const to = buffer.length - (encoding === 'utf-8' ? 0 : buffer.length % 2)
      extend(long, buffer, to, base)
      base += to
      buffer = buffer.subarray(to)
    }
    yield { lines, next: long ? long.offset : base }
  }
  if (long) {
    extend(long, buffer, buffer.length, base)
    yield { lines: [longLine(long, base + buffer.length, false)], next: long.offset }
    return
  }
  const rest = cutRest(buffer, base)
  if (rest.lines.length > 0) yield rest
}

/** Cuts the terminated lines from `at` on; gives where the first unterminated one begins. */
function cutWhole(buffer: Uint8Array, at: number, base: number, lines: RawLine[]): number {
  let next = at
  for (let cut = cutLine(buffer, next, false); cut; cut = cutLine(buffer, next, false)) {
    if (cut.line) lines.push(shift(cut.line, base))
    next = cut.next
  }
  return next
}

/** Cuts what the end of the file leaves: the last line may have no newline, and is then gone on from when the file grew. */
function cutRest(
  buffer: Uint8Array,
  base: number,
): { readonly lines: readonly RawLine[]; readonly next: number } {
  const lines: RawLine[] = []
  let next = base
  for (let at = 0; at < buffer.length;) {
    const cut = cutLine(buffer, at, true)
    if (!cut) break
    if (cut.line) lines.push(shift(cut.line, base))
    at = cut.next
    next = cut.line && !cut.line.isTerminated ? base + cut.line.offset : base + at
  }
  return { lines, next }
}

const shift = (line: RawLine, base: number): RawLine => ({ ...line, offset: line.offset + base })
const width = (encoding: Encoding): number => (encoding === 'utf-8' ? 1 : 2)

function extend(long: LongLine, buffer: Uint8Array, to: number, base: number): void {
  let solid = to
  if (long.encoding === 'utf-8') while (solid > 0 && isTrailing(buffer[solid - 1] ?? 0)) solid--
  if (solid > 0) long.solidTo = base + solid
}

function longLine(long: LongLine, end: number, isTerminated: boolean): RawLine {
  const length = (long.encoding === 'utf-8' ? long.solidTo : end) - long.offset
  return {
    offset: long.offset,
    bytes: long.head.subarray(0, length),
    length,
    encoding: long.encoding,
    isTerminated,
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** One line from `from`; undefined where its newline is not in the buffer yet (unless `isEnd`). */
function cutLine(
  buffer: Uint8Array,
  from: number,
  isEnd: boolean,
): { line?: RawLine; next: number } | undefined {
  let start = from
  // blanks, NUL runs and BOMs before the line; a pair `00 7B` is the start of a UTF-16BE line, not a NUL run
  for (;;) {
    const b = buffer[start]
    if (b === undefined) return isEnd || start === from ? undefined : { next: start }
    if (isBlank(b)) start++
    else if (b === 0xef && buffer[start + 1] === 0xbb && buffer[start + 2] === 0xbf) start += 3
    else if (b === 0xef && start + 2 >= buffer.length && !isEnd)
      return start === from ? undefined : { next: start }
    else if ((b === 0xff && buffer[start + 1] === 0xfe) || (b === 0xfe && buffer[start + 1] === 0xff))
      start += 2
    else if (b === 0) {
      if (start + 2 >= buffer.length && !isEnd) return start === from ? undefined : { next: start }
      const isBigEndian = buffer[start + 1] === 0x7b && buffer[start + 2] === 0
      if (isBigEndian) break
      start++
    } else break
  }
  // four bytes tell the encoding; with fewer the answer would hang on where a chunk happens to end
  if (start + 3 >= buffer.length && !isEnd) return start === from ? undefined : { next: start }
  const encoding = encodingAt(buffer, start)
  const wide = encoding !== 'utf-8'
  let stop = findNewline(buffer, start, encoding)
  const isTerminated = stop >= 0
  if (!isTerminated) {
    if (!isEnd) return start === from ? undefined : { next: start }
    stop = buffer.length
  }
  const next = isTerminated ? stop + (wide ? 2 : 1) : stop
  let to = stop
  if (!wide) while (to > start && isTrailing(buffer[to - 1] ?? 0)) to--
  const length = to - start
  const bytes = buffer.subarray(start, Math.min(to, start + MAX_LINE_BYTES + 1))
  return { line: { offset: start, bytes, length, encoding, isTerminated }, next }
}

/** ASCII as UTF-16 has a NUL in every other byte: `7B 00 22 00` or `00 7B 00 22`. */
function encodingAt(buffer: Uint8Array, start: number): Encoding {
  if (buffer[start] === 0) return 'utf-16be'
  return buffer[start + 1] === 0 && (buffer[start + 3] ?? 0) === 0 && buffer[start + 2] !== 0
    ? 'utf-16le'
    : 'utf-8'
}

/** Index of the newline at or behind `start`, aligned to it where the line is wide; -1 where there is none yet. */
function findNewline(buffer: Uint8Array, start: number, encoding: Encoding): number {
  if (encoding === 'utf-8') return buffer.indexOf(LF, start)
  const high = encoding === 'utf-16le' ? 1 : 0
  for (let i = start; i + 1 < buffer.length; i += 2)
    if (buffer[i + high] === 0 && buffer[i + 1 - high] === LF) return i
  return -1
}
