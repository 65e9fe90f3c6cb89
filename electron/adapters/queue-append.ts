/** Appends calls to a queue file, as any session does; needs nothing but Node's file calls, so that it is quick. */
import { closeSync, constants, fdatasyncSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { diskWords } from '../../shared/data-folder.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { makeFolder } from './make-folder.ts'

/** Longer lines are set aside by the outbox. */
const LINE_LIMIT_BYTES = 1024 * 1024

export const queueFileOf = (workspace: string): string => join(workspace, '.claude', 'coord-queue.jsonl')

export interface QueuedLine {
  readonly method: string
  readonly path: string
  /** JSON text, kept as it was written (numbers and key order included); absent means no body. */
  readonly bodyText?: string
}

/** The line without its newline. Line breaks in `bodyText` can only be white space between tokens. */
export function toLine(call: QueuedLine, now: Date): string {
  const head = JSON.stringify({ ts: now.toISOString(), method: call.method, path: call.path })
  if (call.bodyText === undefined) return head
  return `${head.slice(0, -1)},"body":${call.bodyText.replace(/[\r\n]+/g, ' ').trim()}}`
}

/** True where the file's last line is not ended, so that ours would be glued to it. */
function isUnterminated(fd: number, size: number): boolean {
  if (size === 0) return false
  const tail = Buffer.alloc(2)
  const n = readSync(fd, tail, 0, Math.min(2, size), Math.max(0, size - 2))
  const last = tail.subarray(0, n)
  // The second form is a newline in UTF-16, as Windows PowerShell 5.1 appends it.
  return last.at(-1) !== 0x0a && !(n === 2 && last[0] === 0x0a && last[1] === 0)
}

export class LineTooLong extends Error {}

/** Appends one line with one write and returns the file. Throws the platform's error where it cannot. */
export function appendCall(workspace: string, call: QueuedLine): string {
  const line = toLine(call, new Date())
  if (Buffer.byteLength(line) > LINE_LIMIT_BYTES) throw new LineTooLong('one call may have 1 MiB at most')
  const file = queueFileOf(workspace)
  append(file, [line], { folder: 0o777, file: 0o666 })
  return file
}

/** Appends several lines with one write, on disk when it returns; why not, as a clause, where it cannot. */
export function appendLines(
  workspace: string,
  lines: readonly string[],
  modes: Modes = { folder: 0o777, file: 0o666 },
): Result<null, string> {
  if (lines.length === 0) return ok(null)
  try {
    append(queueFileOf(workspace), lines, modes)
    return ok(null)
  } catch (cause) {
    return err(diskWords(cause))
  }
}

/** To this app's own queue, which is this user's alone. */
export const appendToAppQueue = (home: string, lines: readonly string[]): Result<null, string> =>
  appendLines(home, lines, { folder: 0o700, file: 0o600 })

interface Modes {
  readonly folder: number
  readonly file: number
}

function append(file: string, lines: readonly string[], modes: Modes): void {
  makeFolder(dirname(file), modes.folder)
  const fd = openSync(file, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, modes.file)
  try {
    const isGlued = isUnterminated(fd, fstatSync(fd).size)
    const bytes = Buffer.from(`${isGlued ? '\n' : ''}${lines.join('\n')}\n`)
    const written = writeSync(fd, bytes)
    if (written !== bytes.length)
      throw Object.assign(new Error(`only ${written} of ${bytes.length} bytes fitted into ${file}`), {
        code: 'ENOSPC',
      })
    try {
      fdatasyncSync(fd)
    } catch {
      // Some network drives cannot sync; the line is in the file all the same.
    }
  } finally {
    closeSync(fd)
  }
}
