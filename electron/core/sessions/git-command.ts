/** What a git command moves: a branch, or files of the work tree. */
import { isAbsolutePath, resolvePath, type PathStyle } from './paths.ts'
import type { ShellWord } from './shell-word.ts'
import { patchedFiles, splitOptions, type WrittenFiles } from './written-files.ts'

export interface GitReading {
  /** Where git works; null where `-C` could not be read. */
  readonly folder: string | null
  /** Undefined: no branch is moved; null: the one that is checked out. */
  readonly branch: string | null | undefined
  readonly written: WrittenFiles
}

const NOTHING: WrittenFiles = { files: [], isTree: false, unread: null }
/** These move the branch that is checked out, or what is checked out of it. */
const MOVES_BRANCH = new Set([
  'commit',
  'merge',
  'rebase',
  'cherry-pick',
  'revert',
  'am',
  'pull',
  'reset',
  'stash',
  'checkout',
  'switch',
  'push',
])
const READS_ONLY: Readonly<Record<string, RegExp>> = {
  stash: /^(?:list|show)$/,
  commit: /^--dry-run$/,
  push: /^(?:-n|--dry-run)$/,
}

/** The branch of `git push origin main` or `HEAD:main`; null where none is named. */
function pushedBranch(args: readonly ShellWord[]): string | null {
  const { operands } = splitOptions(args, ['-o', '--push-option', '--receive-pack', '--repo'])
  const ref = operands[1]
  if (ref === undefined || !ref.isKnown) return null
  const name =
    ref.text
      .replace(/^\+/, '')
      .split(':')
      .at(-1)
      ?.replace(/^refs\/heads\//, '') ?? ''
  return name === '' || name === 'HEAD' ? null : name
}

/** `git checkout … -- files` and `git checkout .`: the files; undefined where a branch is meant. */
function checkedOutFiles(args: readonly ShellWord[]): WrittenFiles | undefined {
  const at = args.findIndex((word) => word.text === '--')
  const files = at >= 0 ? args.slice(at + 1) : args.filter((word) => word.text === '.')
  return files.length > 0 ? { files, isTree: true, unread: null } : undefined
}

function filesOf(name: string, args: readonly ShellWord[], input: string): WrittenFiles | undefined {
  if (name === 'apply') return patchedFiles(input === '' ? [] : args, input)
  if (name === 'checkout') return checkedOutFiles(args)
  if (name !== 'restore' && name !== 'rm' && name !== 'mv') return undefined
  const { options, operands } = splitOptions(args, ['-s', '--source'])
  // what is only staged is put back without touching the file
  if (options.includes('--cached') || (options.includes('--staged') && !options.includes('--worktree')))
    return NOTHING
  return { files: operands, isTree: true, unread: null }
}

/** Reads `git …` as it would run in `folder`; `args` are the words behind `git`. */
export function readGit(
  args: readonly ShellWord[],
  folder: string | null,
  input: string,
  style: PathStyle,
): GitReading {
  let at = 0
  let where = folder
  for (; at < args.length && (args[at]?.text.startsWith('-') ?? false); at++) {
    const option = args[at]?.text ?? ''
    const value = args[at + 1]
    const tree = /^--(?:work-tree)=(.*)$/.exec(option)?.[1]
    if (option === '-C' && value) {
      const isUsable = value.isKnown && (where !== null || isAbsolutePath(value.text, style))
      where = isUsable ? resolvePath(where ?? '/', value.text, style) : null
    } else if (tree !== undefined) where = where === null ? null : resolvePath(where, tree, style)
    if (['-C', '-c', '--git-dir', '--work-tree', '--namespace', '--exec-path'].includes(option)) at++
  }
  const name = args[at]?.text ?? ''
  const rest = args.slice(at + 1)
  const written = filesOf(name, rest, input)
  if (written !== undefined) return { folder: where, branch: undefined, written }
  const isReading = rest.some((word) => READS_ONLY[name]?.test(word.text) ?? false)
  if (!MOVES_BRANCH.has(name) || isReading) return { folder: where, branch: undefined, written: NOTHING }
  return { folder: where, branch: name === 'push' ? pushedBranch(rest) : null, written: NOTHING }
}
