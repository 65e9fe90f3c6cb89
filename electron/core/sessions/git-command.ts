/** What a git command moves: branches, or files of the work tree. */
import { optionValue, splitOptions } from './command-options.ts'
import { discarded, isPathspec, isWhole } from './git-discards.ts'
import { pathBelow, type PathStyle } from './paths.ts'
import type { Variables } from './shell-variables.ts'
import { folderBehind, type ShellWord } from './shell-word.ts'
import { filesOnly, landed, patchedFiles, type WrittenFiles } from './written-files.ts'

export interface GitReading {
  /** Where its repository is; null where that could not be read. */
  readonly folder: string | null
  /** Where its files are; null where that could not be read. */
  readonly tree: string | null
  /** The branches that are moved; null is the one that is checked out. */
  readonly branches: readonly (string | null)[]
  readonly written: WrittenFiles
  /** What is thrown away: asked for, and not claimed. */
  readonly lost: WrittenFiles
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

/** Where a refspec leads: a branch of this repository; undefined where it is a tag or another's. */
function branchOf(ref: string): string | undefined {
  const to = ref.replace(/^refs\/heads\//, '')
  return to === '' || to.startsWith('refs/') ? undefined : to
}

/** `git fetch origin main:main` moves a branch that is here. */
function fetchedBranches(args: readonly ShellWord[]): readonly string[] {
  const { operands } = splitOptions(args, {
    valued: ['-o', '--server-option', '--depth', '-j', '--jobs', '--refmap', '--upload-pack', '-s', '-X'],
  })
  return operands
    .slice(1)
    .filter((word) => word.isKnown && word.text.includes(':'))
    .flatMap((word) => branchOf(word.text.slice(word.text.lastIndexOf(':') + 1)) ?? [])
}

/** Branches that a command moves beside the one that is checked out, or makes anew where they were (`-B`). */
function alsoMoved(name: string, args: readonly ShellWord[]): readonly string[] {
  if (name === 'pull') return fetchedBranches(args)
  if (name === 'rebase') {
    const valued = ['--onto', '-s', '--strategy', '-X', '--strategy-option', '-x', '--exec', '-C']
    return splitOptions(args, { valued })
      .operands.slice(args.some((word) => word.text === '--root') ? 0 : 1)
      .filter((word) => word.isKnown)
      .map((word) => word.text)
  }
  const forced =
    name === 'checkout' || name === 'worktree'
      ? optionValue(args, ['-B'])
      : name === 'switch'
        ? optionValue(args, ['-C', '--force-create'])
        : undefined
  return forced?.isKnown === true ? [forced.text] : []
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

/** `git diff --output=FILE`, `git archive -o FILE`. */
function outputOf(name: string, args: readonly ShellWord[]): ShellWord | undefined {
  if (!/^(?:diff|log|show|archive)$/.test(name)) return undefined
  return optionValue(args, name === 'archive' ? ['-o', '--output'] : ['--output'])
}

function filesOf(name: string, args: readonly ShellWord[], input: string): WrittenFiles | undefined {
  const has = (...options: readonly string[]): boolean => args.some((word) => options.includes(word.text))
  if (name === 'apply') {
    if (has('--check', '--stat', '--numstat', '--summary', '--cached') && !has('--apply')) return NOTHING
    // a word is the patch's file, which is only read
    if (input !== '') return patchedFiles(args, input)
    const isFile = splitOptions(args).operands.some((word) => word.text !== '-')
    return { ...NOTHING, unread: isFile ? 'patch-from-file' : 'patch-from-input' }
  }
  if (name === 'checkout') return takenOut(name, args)
  if (name === 'restore') {
    // what is only staged is put back without touching the file
    if (has('--staged', '-S') && !has('--worktree', '-W')) return NOTHING
    return takenOut(name, args)
  }
  const output = outputOf(name, args)
  if (output !== undefined) return filesOnly([output])
  if (name !== 'rm' && name !== 'mv') return undefined
  if (has('--cached', '-n', '--dry-run')) return NOTHING
  const operands = splitOptions(args).operands.filter((word) => !isPathspec(word))
  const { sources, files } = landed(operands)
  return {
    files: name === 'mv' ? [...sources, ...files] : operands,
    isTree: true,
    unread: null,
    isName: true,
  }
}

/** Where a git command is started, and what it is given of the variables that lead it elsewhere. */
export interface GitPlace {
  readonly folder: string | null
  readonly variables: Variables
}

interface Start {
  /** Where its own words begin. */
  readonly at: number
  readonly repository: string | null
  readonly tree: string | null
}

const WITH_VALUE = ['-C', '-c', '--git-dir', '--work-tree', '--namespace', '--exec-path', '--super-prefix']

/** Where git's own command stands among its words. */
export function gitCommandAt(args: readonly ShellWord[]): number {
  let at = 0
  while (args[at]?.text.startsWith('-') === true) at += WITH_VALUE.includes(args[at]?.text ?? '') ? 2 : 1
  return at
}

/** The options before the command's name, and the folders that they and the variables lead to. */
function startOf(args: readonly ShellWord[], { folder, variables }: GitPlace, style: PathStyle): Start {
  let at = 0
  let where = folder
  let dir = variables.get('GIT_DIR')
  let tree = variables.get('GIT_WORK_TREE')
  for (; at < args.length && (args[at]?.text.startsWith('-') ?? false); at++) {
    const option = args[at]
    if (option === undefined) break
    const [, name, glued] = /^(--[a-z-]+)=([\s\S]*)$/.exec(option.text) ?? [undefined, option.text]
    const value = glued === undefined ? args[at + 1] : { ...option, text: glued }
    if (name === '-C' && value) where = folderBehind(value, where, style)
    else if (name === '--git-dir') dir = value
    else if (name === '--work-tree') tree = value
    if (glued === undefined && WITH_VALUE.includes(option.text)) at++
  }
  return {
    at,
    repository: dir === undefined ? where : repositoryOf(dir, where, style),
    tree: tree === undefined ? where : treeOf(tree, where, style),
  }
}

/** The folder whose branch a repository's own folder means; null where that takes a look at the disk (`worktrees/…`, a bare one). */
function repositoryOf(dir: ShellWord, where: string | null, style: PathStyle): string | null {
  const path = folderBehind(dir, where, style)
  return path?.endsWith('/.git') === true ? path.slice(0, -'/.git'.length) || '/' : null
}

/** Where the names of files begin: where git stands, if that is in the work tree, else its top. */
function treeOf(tree: ShellWord, where: string | null, style: PathStyle): string | null {
  const top = folderBehind(tree, where, style)
  return top !== null && where !== null && pathBelow(top, where) !== undefined ? where : top
}

/** Reads `git …` as it would run in `place`; `args` are the words behind `git`. */
export function readGit(
  args: readonly ShellWord[],
  place: GitPlace,
  input: string,
  style: PathStyle,
): GitReading {
  const start = startOf(args, place, style)
  const name = args[start.at]?.text ?? ''
  const rest = args.slice(start.at + 1)
  const reading = (branches: GitReading['branches'], written = NOTHING): GitReading => ({
    folder: start.repository,
    tree: start.tree,
    branches,
    written,
    lost: discarded(name, rest),
  })
  const written = filesOf(name, rest, input)
  if (written !== undefined) return reading([], written)
  if (name === 'branch') return reading(branchesOf(rest))
  if (name === 'update-ref') return reading(updatedRef(rest))
  if (name === 'fetch') return reading(fetchedBranches(rest))
  if (name === 'worktree') return reading(rest[0]?.text === 'add' ? alsoMoved(name, rest) : [])
  // a name alone is asked for
  if (name === 'symbolic-ref')
    return reading(splitOptions(rest, { valued: ['-m'] }).operands.length > 1 ? [null] : [])
  if (name === 'restore') return reading([null])
  if (!MOVES_BRANCH.has(name) || isReading(name, rest)) return reading([])
  return reading(name === 'push' ? pushedBranches(rest) : [null, ...alsoMoved(name, rest)])
}

/** `git update-ref refs/heads/main …` */
function updatedRef(args: readonly ShellWord[]): readonly (string | null)[] {
  const ref = splitOptions(args, { valued: ['-m'] }).operands[0]?.text ?? ''
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1]
  return branch === undefined ? (ref === 'HEAD' ? [null] : []) : [branch]
}
