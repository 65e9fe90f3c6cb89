/** What an installation wrote into a project, as git sees it: whether it is to be committed is said, and never left to be found out. */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { hint } from '../output.ts'

/** What the hooks need in a project's folder, and what the queue keeps there. */
export const HOOK_FILES = [
  '.claude/settings.local.json',
  '.claude/coord-queue.jsonl',
  '.claude/.coord-outbox/',
] as const
export const MCP_FILES = ['.mcp.json'] as const

const LIMIT_MS = 3_000

/** What git answers, in lines; null where there is none, or this is no work tree. */
function git(folder: string, ...args: readonly string[]): readonly string[] | null {
  const ran = spawnSync('git', ['-c', 'core.quotePath=false', ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    windowsHide: true,
  })
  // check-ignore: 1 says that nothing of it is ignored
  if (ran.status !== 0 && !(args[0] === 'check-ignore' && ran.status === 1)) return null
  return ran.stdout.split('\n').filter((row) => row !== '')
}

/** Says which of these files, named from `folder`, git would commit or has committed already, and what to do about it. */
export function sayForGit(folder: string, files: readonly string[]): void {
  const [place] = git(folder, 'rev-parse', '--git-path', 'info/exclude') ?? []
  const ignored = git(folder, 'check-ignore', '--no-index', '--', ...files)
  const committed = git(folder, 'ls-files', '--', ...files)
  if (place === undefined || ignored === null || committed === null) return
  const [within = ''] = git(folder, 'rev-parse', '--show-prefix') ?? []
  const isCommitted = (file: string): boolean => committed.some((one) => one.startsWith(file))
  for (const file of files.filter(isCommitted))
    hint(
      `coord: ${file} is in git: what was added to it is of this machine alone, so keep that out of a commit`,
    )
  const seen = files.filter((file) => !ignored.includes(file) && !isCommitted(file))
  if (seen.length === 0) return
  hint(
    `Not for a commit: ${seen.join(', ')} ${seen.length === 1 ? 'is' : 'are'} of this machine alone. To have git pass over ${seen.length === 1 ? 'it' : 'them'}, add to ${resolve(folder, place)}:\n${seen.map((file) => `  /${within}${file}`).join('\n')}`,
  )
}
