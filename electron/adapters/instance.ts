/** What `/health` says of whose server it is: derived from a secret in `COORD_HOME`, so that only its owner can know it. */
import { createHash, randomBytes } from 'node:crypto'
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from './make-folder.ts'

export function instanceOf(home: string): string {
  const file = join(home, 'instance')
  const read = (): string | undefined => {
    try {
      return readFileSync(file, 'utf8').trim() || undefined
    } catch {
      return undefined
    }
  }
  let secret = read()
  if (secret === undefined) {
    makeFolder(home, 0o700)
    const draft = `${file}.${process.pid}`
    writeFileSync(draft, randomBytes(32).toString('hex') + '\n', { mode: 0o600 })
    try {
      // Whole or not at all, and never over another process's.
      linkSync(draft, file)
    } catch {
      // Another process was first, or this file system has no links.
      if (read() === undefined) writeFileSync(file, readFileSync(draft), { mode: 0o600 })
    }
    unlinkSync(draft)
    secret = read() ?? ''
  }
  return createHash('sha256').update(`coord instance ${secret}`).digest('hex').slice(0, 32)
}
