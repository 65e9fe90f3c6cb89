/** Appends to this app's own queue, `COORD_HOME/.claude/coord-queue.jsonl`: one write, on disk when it returns. */
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from '../../shared/result.ts'

export function appendToAppQueue(home: string, lines: readonly string[]): Result<null, string> {
  if (lines.length === 0) return ok(null)
  const dir = join(home, '.claude')
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const fd = openSync(join(dir, 'coord-queue.jsonl'), 'a', 0o600)
    try {
      // The newline first ends a line that a crash left torn; a blank line is nothing.
      const bytes = Buffer.from(`\n${lines.join('\n')}\n`)
      if (writeSync(fd, bytes) !== bytes.length) return err('the disk is full')
      fdatasyncSync(fd)
      return ok(null)
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    return err((cause as NodeJS.ErrnoException).code ?? String(cause))
  }
}
