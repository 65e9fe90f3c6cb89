/** What a git command moves: branches, or files of the work tree. */
import { splitOptions } from './command-options.ts'
import { resolvePath, type PathStyle } from './paths.ts'
import { folderBehind, type ShellWord } from './shell-word.ts'
import { patchedFiles, type WrittenFiles } from './written-files.ts'

export interface GitReading {
  /** Where git works; null where `-C` could not be read. */
  readonly folder: string | null
  /** The branches that are moved; null is the one that is checked out. */
  readonly branches: readonly (string | null)[]
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
  'clean',
  'bisect',
  'filter-branch',
  'filter-repo',
])
/** With this as its first word, or as any where the second is true, a command only looks. */
const READS_ONLY: Readonly<Record<string, readonly [words: RegExp, isAnywhere: boolean]>> = {
  stash: [/^(?:list|show|create)$/, false],
  bisect: [/^(?:log|view|visualize|help|terms)$/, false],
  commit: [/^--dry-run$/, true],
  push: [/^(?:-n|--dry-run)$/, true],
  clean: [/^(?:-[a-zA-Z]*n[a-zA-Z]*|--dry-run)$/, true],
  // files are taken out of the index again, no more
  reset: [/^--$/, true],
}

const isReading = (name: string, args: readonly ShellWord[]): boolean => {
  const [words, isAnywhere] = READS_ONLY[name] ?? [/^$/, false]
  // a message is no option
  const own = args.filter((_, i) => !/^(?:-m|--message|-F)$/.test(args[i - 1]?.text ?? ''))
  return (isAnywhere ? own : own.slice(0, 1)).some((word) => words.test(word.text))
}

/** The branches of `git push origin main HEAD:next`; the one that is checked out where none is named. */
function pushedBranches(args: readonly ShellWord[]): readonly (string | null)[] {
  const { operands } = splitOptions(args, {
    valued: ['-o', '--push-option', '--receive-pack', '--repo', '--exec'],
  })
  // tags alone move no branch
  if (operands.length < 2 && args.some((word) => word.text === '--tags')) return []
  const named = operands.slice(1).map((ref) => {
    const name = ref.isKnown
      ? (ref.text
          .replace(/^\+/, '')
          .split(':')
          .at(-1)
          ?.replace(/^refs\/heads\//, '') ?? '')
      : ''
    return name === '' || name === 'HEAD' ? null : name
  })
  return named.length > 0 ? [...new Set(named)] : [null]
}

/** `git branch -D old`, `-f`, `-m`: the branches that are moved, renamed or deleted. */
function branchesOf(args: readonly ShellWord[]): readonly (string | null)[] {
  const { options, operands } = splitOptions(args, { valued: ['-u', '--set-upstream-to'] })
  const is = (pattern: RegExp): boolean => options.some((option) => pattern.test(option))
  const names = operands.filter((word) => word.isKnown).map((word) => word.text)
  if (is(/^-(?:d|D)$|^--delete$/) && !is(/^-r$|^--remotes$/)) return names
  if (is(/^-(?:m|M)$|^--move$/)) return names.length > 1 ? names.slice(0, 1) : [null]
  return is(/^-f$|^--force$/) ? names.slice(0, 1) : []
}

/** Everything beneath is what is checked out of the branch. */
const isWhole = (word: ShellWord): boolean => /^(?:\.|\.\/|:\/|:\(top\))$/.test(word.text)

/** Files of a `checkout` or `restore`; undefined where a branch, or all that is checked out, is meant. */
function takenOut(name: string, args: readonly ShellWord[]): WrittenFiles | undefined {
  const { options, operands } = splitOptions(args, { valued: ['-s', '--source', '-b', '-B', '--orphan'] })
  const at = args.findIndex((word) => word.text === '--')
  const isNew = options.some((option) => /^(?:-b|-B|-t|--track|--orphan|--detach)$/.test(option))
  const files =
    name === 'restore'
      ? operands
      : at >= 0
        ? args.slice(at + 1)
        : isNew
          ? []
          : operands.length > 1
            ? operands.slice(1)
            : operands.filter(isWhole)
  if (files.length === 0 || files.some(isWhole)) return undefined
  return { files, isTree: true, unread: null }
}

function filesOf(name: string, args: readonly ShellWord[], input: string): WrittenFiles | undefined {
  const has = (...options: readonly string[]): boolean => args.some((word) => options.includes(word.text))
  if (name === 'apply') {
    if (has('--check', '--stat', '--numstat', '--summary', '--cached') && !has('--apply')) return NOTHING
    // a word is the patch's file, which is only read
    return patchedFiles(input === '' ? [] : args, input)
  }
  if (name === 'checkout') return takenOut(name, args)
  if (name === 'restore') {
    // what is only staged is put back without touching the file
    if (has('--staged', '-S') && !has('--worktree', '-W')) return NOTHING
    return takenOut(name, args)
  }
  if (name !== 'rm' && name !== 'mv') return undefined
  if (has('--cached', '-n', '--dry-run')) return NOTHING
  return { files: splitOptions(args).operands, isTree: true, unread: null }
}

interface Start {
  /** Where its own words begin. */
  readonly at: number
  readonly folder: string | null
}

/** The options before the command's name, and the folder that they lead to. */
function startOf(args: readonly ShellWord[], folder: string | null, style: PathStyle): Start {
  let at = 0
  let where = folder
  for (; at < args.length && (args[at]?.text.startsWith('-') ?? false); at++) {
    const option = args[at]?.text ?? ''
    const value = args[at + 1]
    const tree =
      /^--(?:work-tree)=(.*)$/.exec(option)?.[1] ?? (option === '--work-tree' ? value?.text : undefined)
    if (option === '-C' && value) where = folderBehind(value, where, style)
    else if (tree !== undefined) where = where === null ? null : resolvePath(where, tree, style)
    if (
      ['-C', '-c', '--git-dir', '--work-tree', '--namespace', '--exec-path', '--super-prefix'].includes(
        option,
      )
    )
      at++
  }
  return { at, folder: where }
}

/** Reads `git …` as it would run in `folder`; `args` are the words behind `git`. */
export function readGit(
  args: readonly ShellWord[],
  folder: string | null,
  input: string,
  style: PathStyle,
): GitReading {
  const start = startOf(args, folder, style)
  const name = args[start.at]?.text ?? ''
  const rest = args.slice(start.at + 1)
  const reading = (branches: GitReading['branches'], written = NOTHING): GitReading => ({
    folder: start.folder,
    branches,
    written,
  })
  const written = filesOf(name, rest, input)
  if (written !== undefined) return reading([], written)
  if (name === 'branch') return reading(branchesOf(rest))
  if (name === 'update-ref') return reading(updatedRef(rest))
  if (name === 'restore') return reading([null])
  if (!MOVES_BRANCH.has(name) || isReading(name, rest)) return reading([])
  return reading(name === 'push' ? pushedBranches(rest) : [null])
}

/** `git update-ref refs/heads/main …` */
function updatedRef(args: readonly ShellWord[]): readonly (string | null)[] {
  const ref = splitOptions(args, { valued: ['-m'] }).operands[0]?.text ?? ''
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1]
  return branch === undefined ? (ref === 'HEAD' ? [null] : []) : [branch]
}
