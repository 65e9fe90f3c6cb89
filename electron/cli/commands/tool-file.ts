/** A change of a tool's settings file, as the terminal makes it: shown, asked on a terminal, then written. */
import {
  planInstall,
  planRemoval,
  readBytes,
  type Change,
  type ToolFileFault,
} from '../../adapters/tool-file.ts'
import type { Result } from '../../../shared/result.ts'
import { failure } from '../exit.ts'
import { hint, verbatim } from '../output.ts'
import { confirm } from '../terminal/confirm.ts'

export interface InstallFlags {
  readonly yes?: boolean
  readonly dryRun?: boolean
}
/** `dry`: the change was shown, and nothing written. */
export type Installed = 'written' | 'already' | 'dry'
export type Removed = 'removed' | 'nothing' | 'dry'

export interface InstallPlace {
  readonly home: string
  readonly file: string
  readonly flags: InstallFlags
  readonly warning?: string | null
  /** What ours runs, put in its place just before; also where the file has ours already, for that may have moved. */
  readonly prepare?: () => void
}

/** The value, or the command's end with the reason. */
function orStop<T>(done: Result<T, ToolFileFault>): T {
  if (done.ok) return done.value
  throw failure(done.error.message)
}

/** The text of the file, empty where there is none. Throws a `Stop` where it cannot be read. */
export const textAt = (file: string): string => orStop(readBytes(file))?.toString('utf8') ?? ''

const show = (file: string, { diff }: Change): void => verbatim(`${file}\n${diff}`)

/**
 * Puts ours into the file. `edit` gives the new text for the old one, or undefined where the old one cannot be read; `warning`
 * is said beside the change. Throws a `Stop` where it cannot be done, and where the person said no.
 */
export async function installInto(
  { home, file, flags, warning = null, prepare }: InstallPlace,
  edit: (text: string) => string | undefined,
): Promise<Installed> {
  const change = orStop(planInstall(home, file, edit))
  if (change.diff === '') {
    if (flags.dryRun !== true) prepare?.()
    return 'already'
  }
  show(file, change)
  if (warning !== null) hint(`coord: ${warning}`)
  if (flags.dryRun === true) return 'dry'
  // a long change has scrolled its file's name away
  await confirm(`Write this to ${file}?`, flags, 'yes')
  prepare?.()
  orStop(change.write())
  return 'written'
}

/** Takes ours out again; `edit` gives the text without it; nothing where none is there, as `isIn` has it. */
export function removeFrom(
  { home, file, flags }: InstallPlace,
  isIn: (text: string) => boolean,
  edit: (text: string) => string | undefined,
): Removed {
  const change = orStop(planRemoval(home, file, isIn, edit))
  if (change === null) return 'nothing'
  show(file, change)
  if (flags.dryRun === true) return 'dry'
  orStop(change.write())
  return 'removed'
}
