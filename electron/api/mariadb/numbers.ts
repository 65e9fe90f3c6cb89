/** Numbers that were told to others go on over a restore. */
import type { Link } from './link.ts'
import { toMs } from './rows.ts'

/** Tables whose numbers were told to others (fences, positions in the log, keys of pages), by their names here and in a file. */
export const NUMBERED = [
  ['held_locks', 'locks'],
  ['changes', 'changes'],
  ['messages', 'messages'],
] as const
type FileTable = (typeof NUMBERED)[number][1]

/**
 * Numbers go on beyond all that were ever given, here, by the file (`lastOf`), and after it was written: a fence never comes twice. Of
 * what was given since then only the time is known, which is ahead of any number: nobody gives a thousand a second for long.
 */
export async function leap(link: Link, lastOf: (table: FileTable) => number): Promise<void> {
  const at = Math.max(Date.now(), toMs((await link.get('SELECT UTC_TIMESTAMP(3) AS at'))?.at))
  for (const [maria, file] of NUMBERED) {
    const next = Math.max(await nextNumber(link, maria), lastOf(file) + 1, at)
    await link.plain(`ALTER TABLE ${maria} AUTO_INCREMENT = ${next}`)
  }
}

export const nextNumber = (link: Link, table: string): Promise<number> =>
  link.number(
    'SELECT auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?',
    table,
  )
