/**
 * A settings file of somebody else's tool with something of ours in it: shown before it is written, asked on a terminal,
 * and given back byte for byte wherever nobody else changed the file since.
 */
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { failure } from '../exit.ts'
import { hint } from '../output.ts'
import { confirm } from '../terminal/confirm.ts'
import { diffOf } from './hook-settings.ts'

/** What stood there before something of ours came, kept under `COORD_HOME` so that `remove` gives it back byte for byte. */
interface Kept {
  readonly file: string
  /** Null where there was no file. */
  readonly before: string | null
  /** Whether the `.claude` folder came with it. */
  readonly madeFolder: boolean
  /** SHA-256 of what install wrote: anything else means that somebody changed the file since. */
  readonly wrote: string
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const keptFile = (home: string, file: string): string =>
  join(home, 'hooks', `${createHash('sha256').update(file).digest('hex').slice(0, 32)}.json`)

function readKept(home: string, file: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(keptFile(home, file), 'utf8')) as Kept
  } catch {
    return undefined
  }
}

export function readBytes(file: string): Buffer | null {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw failure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Replaced in one step; the tool may read it at any moment. Mode and link stay as they are. */
function replace(file: string, bytes: Buffer): void {
  let target = file
  let mode = 0o600
  try {
    target = realpathSync(file)
    mode = statSync(target).mode & 0o777
  } catch {
    // A new file.
  }
  const draft = `${target}.coord-${process.pid}`
  try {
    writeFileSync(draft, bytes, { mode })
    renameSync(draft, target)
  } catch (error) {
    throw failure(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const notText = (file: string): Error =>
  failure(`${file} is not settings that we can read; it is left as it is. Repair it first`)

export interface InstallFlags {
  readonly yes?: boolean
  readonly dryRun?: boolean
}
/** `dry`: the change was shown, and nothing written. */
export type Installed = 'written' | 'already' | 'dry'
export type Removed = 'removed' | 'nothing' | 'dry'

const hasFolder = (folder: string): boolean =>
  statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false

export interface InstallPlace {
  readonly home: string
  readonly file: string
  readonly flags: InstallFlags
  readonly warning?: string | null
}

/**
 * Puts ours into the file. `edit` gives the new text for the old one, or undefined where the old one cannot be read; `warning`
 * is said beside the change. Throws a `Stop` where it cannot be done, and where the person said no.
 */
export async function installInto(
  { home, file, flags, warning = null }: InstallPlace,
  edit: (text: string) => string | undefined,
): Promise<Installed> {
  const now = readBytes(file)
  const kept = readKept(home, file)
  const isOurs = now !== null && kept?.wrote === digest(now)
  // installed again: what stood there before the first time is what counts
  const base = isOurs ? (kept.before === null ? null : Buffer.from(kept.before, 'base64')) : now
  const text = (base ?? Buffer.alloc(0)).toString('utf8')
  if (base && !Buffer.from(text).equals(base)) throw notText(file)
  const after = edit(text)
  if (after === undefined) throw notText(file)
  const before = now?.toString('utf8') ?? ''
  if (before === after) return 'already'
  hint(`${file}\n${diffOf(before, after)}`)
  if (warning !== null) hint(`coord: ${warning}`)
  if (flags.dryRun === true) return 'dry'
  await confirm('Write this?', flags, 'yes')
  const bytes = Buffer.from(after)
  const keep: Kept = {
    file,
    before: base === null ? null : base.toString('base64'),
    madeFolder: isOurs ? kept.madeFolder : !hasFolder(dirname(file)),
    wrote: digest(bytes),
  }
  mkdirSync(dirname(file), { recursive: true })
  mkdirSync(join(home, 'hooks'), { recursive: true, mode: 0o700 })
  // first what leads back, then the step
  replace(keptFile(home, file), Buffer.from(JSON.stringify(keep) + '\n'))
  replace(file, bytes)
  return 'written'
}

/** Takes ours out again; `edit` gives the text without it; nothing where none is there, as `isIn` has it. */
export function removeFrom(
  { home, file, flags }: InstallPlace,
  isIn: (text: string) => boolean,
  edit: (text: string) => string | undefined,
): Removed {
  const now = readBytes(file)
  if (now === null || !isIn(now.toString('utf8'))) return 'nothing'
  const kept = readKept(home, file)
  const text = now.toString('utf8')
  let after: Buffer | null
  if (kept?.wrote === digest(now)) after = kept.before === null ? null : Buffer.from(kept.before, 'base64')
  else {
    const plain = edit(text)
    if (plain === undefined) throw notText(file)
    after = Buffer.from(plain)
  }
  hint(`${file}\n${diffOf(text, after?.toString('utf8') ?? '')}`)
  if (flags.dryRun === true) return 'dry'
  if (after === null) {
    unlinkSync(file)
    if (kept?.madeFolder) removeIfEmpty(dirname(file))
  } else replace(file, after)
  try {
    unlinkSync(keptFile(home, file))
  } catch {
    // Installed by hand, or from another home.
  }
  return 'removed'
}

function removeIfEmpty(folder: string): void {
  try {
    if (readdirSync(folder).length === 0) rmdirSync(folder)
  } catch {
    // In use by now.
  }
}
