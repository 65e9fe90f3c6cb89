/**
 * A settings file of somebody else's tool with something of ours in it: a change is planned, shown by whoever asks for it, and
 * then written; and what stood there is given back byte for byte wherever nobody else changed the file since.
 */
import { createHash } from 'node:crypto'
import {
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { diskWords } from '../../shared/data-folder.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { diffOf } from './hook-settings.ts'
import { isFolder } from './look-at-path.ts'
import { makeFolder } from './make-folder.ts'

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

/** Why a file cannot be changed, as a code and in words. */
export interface ToolFileFault {
  readonly code: 'unreadable' | 'not-settings' | 'unwritable'
  readonly message: string
}
const fault = (code: ToolFileFault['code'], message: string): Result<never, ToolFileFault> =>
  err({ code, message })

/** The bytes of the file; null where there is none. */
export function readBytes(file: string): Result<Buffer | null, ToolFileFault> {
  try {
    return ok(readFileSync(file))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ok(null)
    return fault('unreadable', `${file} cannot be read (${diskWords(cause)})`)
  }
}

/** As many links one behind the other as a kernel follows. */
const MOST_LINKS = 40

/** What a file's links lead to, also where nothing is there yet. */
function targetOf(file: string, links = MOST_LINKS): string {
  try {
    return realpathSync(file)
  } catch {
    const next = links > 0 ? linkAt(file) : undefined
    return next === undefined ? file : targetOf(resolve(dirname(file), next), links - 1)
  }
}
function linkAt(file: string): string | undefined {
  try {
    return readlinkSync(file)
  } catch {
    return undefined
  }
}

/** Replaced in one step; the tool may read it at any moment. Mode and link stay as they are. */
function replace(file: string, bytes: Buffer): void {
  const target = targetOf(file)
  // a new file is the person's alone
  const mode = (statSync(target, { throwIfNoEntry: false })?.mode ?? 0o600) & 0o777
  const draft = `${target}.coord-${process.pid}`
  writeFileSync(draft, bytes, { mode })
  renameSync(draft, target)
}

function written(file: string, task: () => void): Result<null, ToolFileFault> {
  try {
    task()
    return ok(null)
  } catch (cause) {
    return fault('unwritable', `${file} cannot be written (${diskWords(cause)})`)
  }
}

const notText = (file: string): Result<never, ToolFileFault> =>
  fault('not-settings', `${file} is not settings that we can read; it is left as it is. Repair it first`)

/** A change that is not made yet. */
export interface Change {
  /** Line by line; empty where nothing would be another. */
  readonly diff: string
  readonly write: () => Result<null, ToolFileFault>
}

/** Ours put into the file. `edit` gives the new text for the old one, or undefined where the old one cannot be read. */
export function planInstall(
  home: string,
  file: string,
  edit: (text: string) => string | undefined,
): Result<Change, ToolFileFault> {
  const read = readBytes(file)
  if (!read.ok) return read
  const now = read.value
  const kept = readKept(home, file)
  const isOurs = now !== null && kept?.wrote === digest(now)
  // installed again: what stood there before the first time is what counts
  const base = isOurs ? (kept.before === null ? null : Buffer.from(kept.before, 'base64')) : now
  const text = (base ?? Buffer.alloc(0)).toString('utf8')
  if (base && !Buffer.from(text).equals(base)) return notText(file)
  const after = edit(text)
  if (after === undefined) return notText(file)
  const before = now?.toString('utf8') ?? ''
  const bytes = Buffer.from(after)
  const keep = (): Kept => ({
    file,
    before: base === null ? null : base.toString('base64'),
    madeFolder: isOurs ? kept.madeFolder : !isFolder(dirname(file)),
    wrote: digest(bytes),
  })
  return ok({
    diff: before === after ? '' : diffOf(before, after),
    write: () =>
      written(file, () => {
        const first = JSON.stringify(keep())
        makeFolder(dirname(file))
        makeFolder(join(home, 'hooks'), 0o700)
        // first what leads back, then the step
        replace(keptFile(home, file), Buffer.from(`${first}\n`))
        replace(file, bytes)
      }),
  })
}

/** Ours taken out again; `edit` gives the text without it. Null where none is there, as `isIn` has it. */
export function planRemoval(
  home: string,
  file: string,
  isIn: (text: string) => boolean,
  edit: (text: string) => string | undefined,
): Result<Change | null, ToolFileFault> {
  const read = readBytes(file)
  if (!read.ok) return read
  const now = read.value
  if (now === null || !isIn(now.toString('utf8'))) return ok(null)
  const kept = readKept(home, file)
  const text = now.toString('utf8')
  const isAsWritten = kept?.wrote === digest(now)
  const before = isAsWritten && kept.before !== null ? Buffer.from(kept.before, 'base64') : null
  // what was installed over a file that had ours already, and was changed since, leads back to ours
  const isBeforeUs = isAsWritten && !(before && isIn(before.toString('utf8')))
  const plain = isBeforeUs ? '' : edit(before?.toString('utf8') ?? text)
  if (plain === undefined) return notText(file)
  const after = isBeforeUs ? before : Buffer.from(plain)
  return ok({
    diff: diffOf(text, after?.toString('utf8') ?? ''),
    write: () =>
      written(file, () => {
        if (after === null) {
          unlinkSync(targetOf(file))
          if (kept?.madeFolder) removeIfEmpty(dirname(file))
        } else replace(file, after)
        forget(home, file)
      }),
  })
}

function forget(home: string, file: string): void {
  try {
    unlinkSync(keptFile(home, file))
  } catch {
    // Installed by hand, or from another home.
  }
}

function removeIfEmpty(folder: string): void {
  try {
    if (readdirSync(folder).length === 0) rmdirSync(folder)
  } catch {
    // In use by now.
  }
}
