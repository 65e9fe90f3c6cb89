/**
 * What a git command throws away of a work tree: changes that nobody committed, and files that git does not know. It is asked
 * for the locks of others on these files; none of them is claimed, for the command works on none.
 */
import { splitOptions } from './command-options.ts'
import { plainWord, type ShellWord } from './shell-word.ts'
import type { WrittenFile, WrittenFiles } from './written-files.ts'

const NONE: WrittenFiles = { files: [], isTree: false, unread: null }
/** All that is checked out, wherever git stands in it. */
const WHOLE: WrittenFile = { ...plainWord('.'), isFromTop: true }
const HERE: WrittenFile = plainWord('.')

const lost = (files: readonly WrittenFile[]): WrittenFiles => ({
  files,
  isTree: true,
  unread: null,
  asks: 'always',
})

/** A word of git's own language for files: `:/`, `:(glob)…`, or a pattern that no shell expands. */
export const isPathspec = (word: ShellWord): boolean =>
  word.text.startsWith(':') || (!word.isPattern && /[*?[]/.test(word.text))

/** All that is beneath the folder that git stands in. */
const isHere = (word: ShellWord): boolean => /^\.\/?$/.test(word.text)

/** Whether the word means many files, which nobody would claim. */
export const isWhole = (word: ShellWord): boolean => isHere(word) || isPathspec(word)

const whole = (words: readonly ShellWord[]): readonly WrittenFile[] =>
  words.filter(isWhole).map((word) => (isHere(word) ? HERE : WHOLE))

const CHECKOUT = { valued: ['-s', '--source', '-b', '-B', '--orphan', '--conflict'] }

/** Behind `--`, or the words that may be files: one that stands alone may be a branch, and with another it is one. */
function checkedOut(args: readonly ShellWord[]): WrittenFiles {
  const { options, operands } = splitOptions(args, CHECKOUT)
  if (options.some((option) => /^(?:-f|--force)$/.test(option))) return lost([WHOLE])
  if (options.some((option) => /^(?:-b|-B|--orphan|-t|--track|--detach)$/.test(option))) return NONE
  const at = args.findIndex((word) => word.text === '--')
  if (at >= 0) return lost(whole(args.slice(at + 1)))
  const [only] = operands
  return operands.length === 1 && only !== undefined && only.isKnown && !isWhole(only)
    ? lost([only])
    : lost(whole(operands))
}

function stashed(args: readonly ShellWord[]): WrittenFiles {
  const rules = { valued: ['-m', '--message', '--pathspec-from-file'] }
  const { operands } = splitOptions(args, rules)
  const name = operands[0]?.text ?? 'push'
  if (name === 'save') return lost([WHOLE])
  // the others bring something back, and stop where it would overwrite a change
  if (name !== 'push' && args[0]?.text === name) return NONE
  const named = args[0]?.text === 'push' ? operands.slice(1) : operands
  return named.length === 0 ? lost([WHOLE]) : lost(named.map((word) => (isPathspec(word) ? WHOLE : word)))
}

function cleaned(args: readonly ShellWord[]): WrittenFiles {
  const { options, operands } = splitOptions(args, { valued: ['-e', '--exclude'] })
  if (options.some((option) => /^(?:-[a-zA-Z]*n[a-zA-Z]*|--dry-run)$/.test(option))) return NONE
  return lost(operands.length === 0 ? [HERE] : operands.map((word) => (isPathspec(word) ? WHOLE : word)))
}

/** What the command of this name throws away; `args` are the words behind its name. */
export function discarded(name: string, args: readonly ShellWord[]): WrittenFiles {
  const has = (...options: readonly string[]): boolean => args.some((word) => options.includes(word.text))
  switch (name) {
    case 'reset':
      return has('--hard', '--merge') ? lost([WHOLE]) : NONE
    case 'stash':
      return stashed(args)
    case 'checkout':
      return checkedOut(args)
    case 'switch':
      return has('-f', '--force', '--discard-changes') ? lost([WHOLE]) : NONE
    case 'restore':
      return has('--staged', '-S') && !has('--worktree', '-W')
        ? NONE
        : lost(whole(splitOptions(args, CHECKOUT).operands))
    case 'rm':
      return has('--cached', '-n', '--dry-run')
        ? NONE
        : lost(whole(splitOptions(args).operands.filter(isPathspec)))
    case 'clean':
      return cleaned(args)
    case 'checkout-index':
      return has('-a', '--all') ? lost([HERE]) : lost(splitOptions(args).operands)
    case 'read-tree':
      return has('-u') ? lost([WHOLE]) : NONE
    case 'worktree':
      return args[0]?.text === 'remove' && has('-f', '--force')
        ? lost(splitOptions(args).operands.slice(1))
        : NONE
    default:
      return NONE
  }
}
