/** `coord hook install|remove|show`: Claude Code's hooks in a project's own, local settings, or in the person's. */
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
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { nearestWorkspace, type Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
import { hint, isJson, result } from '../output.ts'
import { appCoordOf, hookCommand, hookProgram, notTaken, writeLauncher } from '../hooks/hook-command.ts'
import { diffOf, installedIn, withHooks, withoutHooks, type HookCommands } from './hook-settings.ts'

/** What stood there before the hooks came, kept under `COORD_HOME` so that `remove` gives it back byte for byte. */
interface Kept {
  readonly file: string
  /** Null where there was no file. */
  readonly before: string | null
  /** Whether the `.claude` folder came with the hooks. */
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

function readBytes(file: string): Buffer | null {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw failure(`coord: ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
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
    throw failure(
      `coord: ${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

const notText = (file: string): Error =>
  failure(
    `coord: ${file} is not settings that we can read (JSON, with lists of hooks); it is left as it is. Repair it first`,
  )

export interface HookTarget {
  /** The person's own settings, for all projects, instead of one project's local ones. */
  readonly user?: boolean
}

function settingsFile(
  context: Context,
  { user }: HookTarget,
): { readonly workspace: string | null; readonly file: string } {
  if (user === true) return { workspace: null, file: join(homedir(), '.claude', 'settings.json') }
  if (context.givenWorkspaces.length > 1) throw usage('name one --workspace only')
  const workspace = context.givenWorkspaces[0] ?? nearestWorkspace(context.cwd) ?? context.cwd
  return { workspace, file: join(workspace, '.claude', 'settings.local.json') }
}

/** Asks on a terminal; elsewhere the command itself is the answer. */
async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return true
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^(?:y|yes)?$/i.test((await lines.question(`${question} [Y/n] `)).trim())
  } finally {
    lines.close()
  }
}

function commandsOf(context: Context): HookCommands {
  const facts = {
    platform: process.platform,
    execPath: process.execPath,
    appCoord: appCoordOf(process.versions, process.execPath, process.platform),
    env: process.env,
  }
  if (facts.appCoord === null) {
    const program = hookProgram()
    if (program === undefined)
      throw failure('coord: the hooks are not built; "npm run build" in the clone makes them')
    writeLauncher(context.home, program)
  }
  return (event) => hookCommand(context, event, facts)
}

export async function installHooks(context: Context, flags: HookTarget): Promise<ExitCode> {
  const { workspace, file } = settingsFile(context, flags)
  const now = readBytes(file)
  const kept = readKept(context.home, file)
  const isOurs = now !== null && kept?.wrote === digest(now)
  // Installed again: what stood there before the first time is what counts.
  const base = isOurs ? (kept.before === null ? null : Buffer.from(kept.before, 'base64')) : now
  const text = (base ?? Buffer.alloc(0)).toString('utf8')
  if (base && !Buffer.from(text).equals(base)) throw notText(file)
  const after = withHooks(text, commandsOf(context))
  if (after === undefined) throw notText(file)
  hint(`${file}\n${diffOf(now?.toString('utf8') ?? '', after)}`)
  const warning = notTaken(process.env)
  if (warning !== null) hint(`coord: ${warning}`)
  if (!(await isAgreed('Write this?'))) return EXIT.failed

  const bytes = Buffer.from(after)
  let hasFolder: boolean
  try {
    hasFolder = statSync(dirname(file)).isDirectory()
  } catch {
    hasFolder = false
  }
  const keep: Kept = {
    file,
    before: base === null ? null : base.toString('base64'),
    madeFolder: isOurs ? kept.madeFolder : !hasFolder,
    wrote: digest(bytes),
  }
  mkdirSync(dirname(file), { recursive: true })
  mkdirSync(join(context.home, 'hooks'), { recursive: true, mode: 0o700 })
  // First what leads back, then the step.
  replace(keptFile(context.home, file), Buffer.from(JSON.stringify(keep) + '\n'))
  replace(file, bytes)
  if (workspace !== null) rememberWorkspace(context, workspace)
  await result({ installed: true, file, hooks: installedIn(after) }, `Hooks installed in ${file}`)
  return EXIT.done
}

export async function removeHooks(context: Context, flags: HookTarget): Promise<ExitCode> {
  const { file } = settingsFile(context, flags)
  const now = readBytes(file)
  const kept = readKept(context.home, file)
  if (now === null || installedIn(now.toString('utf8')).length === 0) {
    await result({ removed: false, file }, `No hooks of ours in ${file}`)
    return EXIT.done
  }
  const isUntouched = kept?.wrote === digest(now)
  const text = now.toString('utf8')
  const plain = withoutHooks(text)
  if (!isUntouched && plain === undefined) throw notText(file)
  const after = isUntouched
    ? kept.before === null
      ? null
      : Buffer.from(kept.before, 'base64')
    : Buffer.from(plain ?? '')
  hint(`${file}\n${diffOf(text, after?.toString('utf8') ?? '')}`)
  if (after === null) {
    unlinkSync(file)
    if (kept?.madeFolder) removeIfEmpty(dirname(file))
  } else replace(file, after)
  try {
    unlinkSync(keptFile(context.home, file))
  } catch {
    // Installed by hand, or from another home.
  }
  await result({ removed: true, file }, `Hooks removed from ${file}`)
  return EXIT.done
}

function removeIfEmpty(folder: string): void {
  try {
    if (readdirSync(folder).length === 0) rmdirSync(folder)
  } catch {
    // In use by now.
  }
}

export async function showHooks(context: Context, flags: HookTarget): Promise<ExitCode> {
  const { file } = settingsFile(context, flags)
  const hooks = installedIn(readBytes(file)?.toString('utf8') ?? '')
  await result({ installed: hooks.length > 0, file, hooks }, () =>
    hooks.length > 0
      ? [file, ...hooks.map((h) => `  ${h.event}: ${h.command}`)].join('\n')
      : `No hooks of ours in ${file}`,
  )
  if (hooks.length === 0 && !isJson()) hint('coord: "coord hook install" adds them')
  return EXIT.done
}
