/** `coord guard check`: whose the named files are, for a pre-commit hook of any manager. Claims nothing. */
import { execFileSync } from 'node:child_process'
import { neededForFile, neededForPath } from '../../adapters/needed-files.ts'
import type { LockRow } from '../../../shared/wire.ts'
import { judge, type Ownership } from '../../core/sessions/judge.ts'
import type { Needed } from '../../core/sessions/resources.ts'
import type { Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { HookApi } from '../hooks/hook-api.ts'
import { ago } from '../lists.ts'
import { hint, result, sayWhileWaiting, waitingFor } from '../output.ts'
import { table } from '../terminal/table.ts'
import type { Shown, Style } from '../terminal/text.ts'

const ASK_MS = 5000

interface Checked {
  readonly path: string
  readonly resource: string | null
  readonly state: 'free' | 'mine' | 'held'
  /** Only where the API could not be asked: it is taken for free, since nothing is refused then. */
  readonly unknown?: true
  readonly holder: string | null
  readonly since: string | null
  readonly stale: boolean
}

/** From the top, whatever is configured; of a file that moves both names: its old one is taken away from a holder. */
const STAGED = ['-c', 'diff.relative=false', 'diff', '--cached', '--name-only', '--no-renames', '-z']

/** The files that are about to be committed, from the top of the work tree. */
function stagedFiles(cwd: string): readonly string[] {
  const git = (args: readonly string[]): string =>
    execFileSync('git', args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    })
  try {
    const top = git(['rev-parse', '--show-toplevel']).replace(/\n$/, '')
    return git(STAGED)
      .split('\0')
      .filter((name) => name !== '')
      .map((name) => `${top}/${name}`)
  } catch (error) {
    throw failure(
      `git does not say what is staged: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
    )
  }
}

/** `owner` is undefined where nobody could be asked. */
function toChecked(path: string, needed: Needed | undefined, owner: Ownership | undefined): Checked {
  const lock = owner === undefined || owner.kind === 'free' ? null : owner.lock
  return {
    path,
    resource: needed?.resource ?? null,
    state: owner === undefined ? 'free' : owner.kind === 'stale' ? 'held' : owner.kind,
    ...(owner === undefined ? { unknown: true } : {}),
    holder: lock?.session_id ?? null,
    since: lock?.acquired_at ?? null,
    stale: owner?.kind === 'stale',
  }
}

/** Exit 1 where one is held by another session; where the API cannot be asked nothing is refused, and that is said. */
export async function guardCheck(
  context: Context,
  paths: readonly string[],
  flags: { readonly staged?: boolean },
): Promise<ExitCode> {
  if (paths.length === 0 && flags.staged !== true) throw usage('name files, or use --staged')
  // a submodule is staged as one name
  const staged = flags.staged === true ? stagedFiles(context.cwd) : []
  const needs = [
    ...paths.map((path) => ({ path, needed: neededForPath(path, context.cwd) })),
    ...staged.map((path) => ({ path, needed: neededForFile(path, context.cwd) })),
  ]
  const api = new HookApi(context, performance.now() + ASK_MS)
  const locks = new Map<string, readonly LockRow[]>()
  const projects = new Set(needs.flatMap(({ needed }) => (needed ? [needed.project] : [])))
  const end = sayWhileWaiting(() => waitingFor(context.baseUrl))
  try {
    if (projects.size > 0 && (await api.hello()))
      for (const project of projects) {
        const found = await api.locks(project)
        if (found !== null) locks.set(project, found)
      }
    if (locks.size < projects.size) hint(`coord: ${context.baseUrl} cannot be asked; nothing is refused`)
  } finally {
    end()
    api.close()
  }
  const ownerOf = (needed: Needed | undefined): Ownership | undefined => {
    if (needed === undefined) return { kind: 'free' }
    const held = locks.get(needed.project)
    return held && judge(needed, context.session, held, api.now())
  }
  const rows = needs.map(({ path, needed }) => toChecked(path, needed, ownerOf(needed)))
  const now = api.now()
  await result(rows, () => (rows.length > 0 ? checkedTable(rows, now) : 'No files.'))
  return rows.some((row) => row.state === 'held') ? EXIT.failed : EXIT.done
}

const STATES: Readonly<Record<string, Style>> = { free: 'green', mine: 'green', unknown: 'yellow' }
const wordOf = (row: Checked): string => (row.unknown ? 'unknown' : row.stale ? 'stale' : row.state)

const checkedTable = (rows: readonly Checked[], now: number): Shown =>
  table<Checked>(
    [
      {
        heading: 'STATE',
        cell: wordOf,
        style: (row) => STATES[wordOf(row)] ?? 'red',
      },
      { heading: 'FILE', cell: (row) => row.path, cut: 'middle' },
      { heading: 'HELD BY', cell: (row) => row.holder, cut: 'middle' },
      { heading: 'SINCE', cell: (row) => ago(row.since, now) },
    ],
    rows,
  )
