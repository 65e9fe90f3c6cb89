/** What packages install beside the program: completion scripts and the man page. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SCRIPT_FILES, scriptFor, shells } from '../completion/scripts.ts'
import type { CoordCommand } from './command.ts'
import { manPage } from './man-page.ts'

/** `completions/…` and `coord.1` in `folder`. */
export function writeWords(program: CoordCommand, folder: string): void {
  const completions = join(folder, 'completions')
  mkdirSync(completions, { recursive: true })
  for (const shell of shells) writeFileSync(join(completions, SCRIPT_FILES[shell]), scriptFor(shell))
  writeFileSync(join(folder, 'coord.1'), manPage(program))
}
