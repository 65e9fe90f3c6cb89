/** Which of a command's words name files that it writes, moves or removes. */
import { pathsOfPatch } from './patch-paths.ts'
import type { ShellWord } from './shell-word.ts'
import type { UnreadCause } from './targets.ts'
import type { RunCommand } from './unwrap-command.ts'

export interface WrittenFiles {
  readonly files: readonly ShellWord[]
  /** Folders are reached with all beneath. */
  readonly isTree: boolean
  readonly unread: UnreadCause | null
}

const NONE: WrittenFiles = { files: [], isTree: false, unread: null }
const plain = (text: string): ShellWord => ({ text, isKnown: true, isPattern: false })

/** Operands and options apart; `valued` are the options whose value is the next word. */
function split(
  args: readonly ShellWord[],
  valued: readonly string[] = [],
): { options: string[]; operands: ShellWord[] } {
  const options: string[] = []
  const operands: ShellWord[] = []
  let onlyOperands = false
  for (let i = 0; i < args.length; i++) {
    const word = args[i]
    if (word === undefined) break
    if (onlyOperands || !word.text.startsWith('-') || word.text === '-') operands.push(word)
    else if (word.text === '--') onlyOperands = true
    else {
      options.push(word.text)
      if (valued.includes(word.text)) options.push(args[++i]?.text ?? '')
    }
  }
  return { options, operands }
}

const hasFlag = (options: readonly string[], letter: string, long: string): boolean =>
  options.some(
    (o) => o.startsWith(long) || (/^-[A-Za-z]/.test(o) && !o.startsWith('--') && o.includes(letter)),
  )

function all(args: readonly ShellWord[], valued: readonly string[] = []): WrittenFiles {
  const { options, operands } = split(args, valued)
  return {
    files: operands,
    isTree: hasFlag(options, 'r', '--recursive') || hasFlag(options, 'R', '--recursive'),
    unread: null,
  }
}

/** The place that `cp`, `mv`, `ln` and `install` write to: the value of `-t`, else the last operand. */
function destinationOf(args: readonly ShellWord[]): {
  sources: readonly ShellWord[]
  to: ShellWord | undefined
} {
  const at = args.findIndex((word) => word.text === '-t' || word.text === '--target-directory')
  const long = args.find((word) => word.text.startsWith('--target-directory='))
  const { operands } = split(at < 0 ? args : args.filter((_, i) => i !== at && i !== at + 1), [
    '-S',
    '-m',
    '-o',
    '-g',
  ])
  const to =
    at >= 0
      ? args[at + 1]
      : long
        ? { ...long, text: long.text.slice('--target-directory='.length) }
        : undefined
  if (to === undefined)
    return { sources: operands.slice(0, -1), to: operands.length > 1 ? operands.at(-1) : undefined }
  return { sources: operands, to: { ...to, text: `${to.text.replace(/\/$/, '')}/` } }
}

/** Where each source lands: in a folder that ends in `/` it keeps its name. */
function landed(args: readonly ShellWord[]): ShellWord[] {
  const { sources, to } = destinationOf(args)
  if (to === undefined) return []
  if (!to.text.endsWith('/')) return [to]
  return sources.map((source) => ({
    text: to.text + source.text.slice(source.text.replace(/\/$/, '').lastIndexOf('/') + 1),
    isKnown: to.isKnown && source.isKnown,
    isPattern: to.isPattern || source.isPattern,
  }))
}

function inPlace(args: readonly ShellWord[]): WrittenFiles {
  if (!args.some((word) => /^-[A-Za-z]*i/.test(word.text) || word.text.startsWith('--in-place'))) return NONE
  const { options, operands } = split(args, ['-e', '-f', '--expression', '--file', '-l'])
  const hasScript = options.some((o) => /^(?:-[A-Za-z]*[ef]|--expression|--file)/.test(o))
  return { files: hasScript ? operands : operands.slice(1), isTree: false, unread: null }
}

function patched(args: readonly ShellWord[], input: string): WrittenFiles {
  const { operands } = split(args, ['-p', '-d', '-i', '-o', '-C', '--directory', '--input'])
  const named = pathsOfPatch(input).map(plain)
  if (named.length > 0) return { files: named, isTree: false, unread: null }
  return {
    files: operands.slice(0, 1),
    isTree: false,
    unread: operands.length > 0 ? null : 'patch-from-file',
  }
}

/** Files written by one command; `input` is the text of its here-documents. */
export function writtenFiles(command: RunCommand, input: string): WrittenFiles {
  const { name, args } = command
  switch (name) {
    case 'rm':
    case 'rmdir':
    case 'unlink':
    case 'shred':
    case 'tee':
      return all(args)
    case 'touch':
      return all(args, ['-d', '-r', '-t', '--date', '--reference'])
    case 'truncate':
      return all(args, ['-s', '-r', '--size', '--reference'])
    case 'sed':
    case 'perl':
      return inPlace(args)
    case 'mv':
      return { files: [...destinationOf(args).sources, ...landed(args)], isTree: true, unread: null }
    case 'cp':
    case 'install':
    case 'ln':
      return { files: landed(args), isTree: all(args).isTree, unread: null }
    case 'dd':
      return {
        files: args.filter((w) => w.text.startsWith('of=')).map((w) => ({ ...w, text: w.text.slice(3) })),
        isTree: false,
        unread: null,
      }
    case 'patch':
    case 'apply_patch':
      return patched(args, input)
    default:
      return NONE
  }
}

export { patched as patchedFiles, split as splitOptions }
