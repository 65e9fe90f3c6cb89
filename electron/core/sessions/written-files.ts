/** Which of a command's words name files that it writes, moves or removes. */
import { hasFlag, optionValue, splitOptions, type OptionRules } from './command-options.ts'
import { pathsOfPatch } from './patch-paths.ts'
import { plainWord, type ShellWord } from './shell-word.ts'
import type { Asks, UnreadCause } from './targets.ts'
import type { RunCommand } from './unwrap-command.ts'

export interface WrittenFile extends ShellWord {
  /** Where the file is a folder, this name in it is meant; null: one that is not known. */
  readonly orInside?: string | null
  /** It is looked at from the top of the work tree. */
  readonly isFromTop?: boolean
}

export interface WrittenFiles {
  readonly files: readonly WrittenFile[]
  /** Folders are reached with all beneath. */
  readonly isTree: boolean
  readonly unread: UnreadCause | null
  /** Names are removed, moved or made: of a link the link, not what it leads to. */
  readonly isName?: boolean
  /** What of them is asked for, and not claimed; undefined: nothing. */
  readonly asks?: Asks
}

const NONE: WrittenFiles = { files: [], isTree: false, unread: null }
/** Files that are written as they are named, each by itself. */
export const filesOnly = (files: readonly WrittenFile[]): WrittenFiles => ({
  files,
  isTree: false,
  unread: null,
})

const isRecursive = (options: readonly string[]): boolean =>
  hasFlag(options, 'r', '--recursive') || hasFlag(options, 'R', '--recursive')

const operandsOf = (args: readonly ShellWord[], rules?: OptionRules): WrittenFiles =>
  filesOnly(splitOptions(args, rules).operands)

function removed(args: readonly ShellWord[]): WrittenFiles {
  const { options, operands } = splitOptions(args)
  return { files: operands, isTree: isRecursive(options), unread: null, isName: true }
}

const nameOf = (path: string): string => {
  const bare = path.replace(/\/+$/, '')
  return bare.slice(bare.lastIndexOf('/') + 1)
}

/** `cp`, `mv`, `ln` and `install`: what goes where. */
const COPYING: OptionRules = {
  valued: ['-t', '--target-directory', '-S', '--suffix', '-m', '--mode', '-o', '--owner', '-g', '--group'],
}

/** What is copied, and where each of it lands: in a folder it keeps its name. */
export function landed(args: readonly ShellWord[]): {
  readonly sources: readonly ShellWord[]
  readonly files: readonly WrittenFile[]
} {
  const { options, operands } = splitOptions(args, COPYING)
  const folder = optionValue(args, ['-t', '--target-directory'], COPYING)
  const sources = folder === undefined ? operands.slice(0, -1) : operands
  const to = folder ?? (operands.length > 1 ? operands.at(-1) : undefined)
  if (to === undefined) return { sources, files: [] }
  // `-T` means the very name
  const isName = hasFlag(options, 'T', '--no-target-directory')
  const isFolder = !isName && (folder !== undefined || sources.length > 1 || to.text.endsWith('/'))
  if (!isFolder) {
    const [source] = sources
    const inside = source?.isKnown === true ? nameOf(source.simplePattern ?? source.text) : null
    return { sources, files: [isName ? to : { ...to, orInside: inside }] }
  }
  const files = sources.map((source) => ({
    text: `${to.text.replace(/\/+$/, '')}/${nameOf(source.text)}`,
    isKnown: to.isKnown && source.isKnown,
    isPattern: to.isPattern || source.isPattern,
  }))
  return { sources, files }
}

/** A link of one word gets the name of what it points to, here. */
function linked(args: readonly ShellWord[]): WrittenFiles {
  const { options, operands } = splitOptions(args, COPYING)
  const [only] = operands
  if (operands.length === 1 && only && optionValue(args, ['-t'], COPYING) === undefined)
    return { ...filesOnly([{ ...only, text: nameOf(only.text) }]), isName: true }
  // with `-n` a link to a folder is a name, as any file is
  const isName = hasFlag(options, 'n', '--no-dereference')
  return { ...filesOnly(landed(isName ? [plainWord('-T'), ...args] : args).files), isName: true }
}

const IN_PLACE: Readonly<Record<'sed' | 'perl' | 'ruby', OptionRules & { readonly scripts: RegExp }>> = {
  sed: { valued: ['-e', '-f', '-l', '--expression', '--file', '--line-length'], glued: 'i', scripts: /[ef]/ },
  perl: { valued: ['-e', '-E'], glued: 'iFMmICdD', scripts: /[eE]/ },
  ruby: { valued: ['-e'], glued: 'iIrFKTxWCE', scripts: /e/ },
}

function inPlace(name: 'sed' | 'perl' | 'ruby', args: readonly ShellWord[]): WrittenFiles {
  const rules = IN_PLACE[name]
  const isOption = (word: ShellWord): boolean => /^-[A-Za-z0-9]/.test(word.text)
  // letters before a glued one count: `-ni`, `-pi.bak`, not the suffix of `-i.ini`
  const letters = args.filter(isOption).map((word) => {
    const at = [...word.text.slice(1)].findIndex((c) => (rules.glued ?? '').includes(c))
    return at < 0 ? word.text.slice(1) : word.text.slice(1, at + 2)
  })
  const isInPlace =
    letters.some((l) => l.includes('i')) || args.some((word) => word.text.startsWith('--in-place'))
  if (!isInPlace) return NONE
  // BSD's sed has the suffix as a word of its own, most often an empty one
  const { operands } = splitOptions(
    args.filter((word) => word.text !== ''),
    rules,
  )
  const hasScript =
    letters.some((l) => rules.scripts.test(l)) ||
    args.some((word) => /^--(?:expression|file)/.test(word.text))
  return filesOnly(hasScript ? operands : operands.slice(1))
}

const PATCHING: OptionRules = {
  valued: [
    '-p',
    '-d',
    '-i',
    '-o',
    '-B',
    '-D',
    '-F',
    '-r',
    '-V',
    '-Y',
    '-z',
    '-C',
    '--directory',
    '--input',
    '--strip',
    '--output',
  ],
}

/** Files of a patch: `patch`, `git apply` and `apply_patch`; the patch is in `input`, or in a word. */
export function patchedFiles(args: readonly ShellWord[], input: string): WrittenFiles {
  const { operands } = splitOptions(args, PATCHING)
  const inWord = operands.find(
    (word) => word.isKnown && /^\*\*\* Begin Patch|^(?:---|diff) .*\n/m.test(word.text),
  )
  const strip = Number(optionValue(args, ['-p', '--strip'], PATCHING)?.text ?? 'none')
  const named = pathsOfPatch(inWord?.text ?? input, Number.isInteger(strip) ? strip : null)
  if (named.length === 0) {
    const isFile = optionValue(args, ['-i', '--input'], PATCHING) !== undefined
    const unread = isFile ? 'patch-from-file' : 'patch-from-input'
    return { ...filesOnly(operands.slice(0, 1)), unread: operands.length > 0 ? null : unread }
  }
  const folder = optionValue(args, ['-d', '--directory'], PATCHING)
  return filesOnly(
    named.map((path) =>
      folder === undefined || path.startsWith('/')
        ? plainWord(path)
        : { ...folder, text: `${folder.text.replace(/\/+$/, '')}/${path}` },
    ),
  )
}

const EDITORS = /^(?:ed|ex|vi|vim|nvim)$/
/** `ex -sc 'commands' file`, `vim -es +wq file`: an editor that is given its commands. */
function edited(args: readonly ShellWord[]): WrittenFiles {
  const { options, operands } = splitOptions(args, {
    valued: ['-c', '--cmd', '-S', '-u', '-U', '-i', '-T', '-w', '-W'],
  })
  if (options.some((option) => /^(?:-R|--version|--help)$/.test(option))) return NONE
  return filesOnly(operands.filter(({ text }) => !text.startsWith('+')))
}

/** Programs that write the file behind one of their options. */
const OUTPUTS: Readonly<Record<string, { readonly names: readonly string[]; readonly rules: OptionRules }>> =
  {
    curl: {
      names: ['-o', '--output'],
      rules: {
        valued: ['-o', '-X', '-H', '-d', '-u', '-A', '-e', '-F', '-T', '-b', '-c', '-m', '-x', '--output'],
      },
    },
    wget: {
      names: ['-O', '--output-document'],
      rules: { valued: ['-O', '-o', '-P', '-T', '-t', '-U', '--output-document'] },
    },
    sort: { names: ['-o', '--output'], rules: { valued: ['-o', '-k', '-t', '-S', '-T', '--output'] } },
  }

function toOutput(name: string, args: readonly ShellWord[]): WrittenFiles {
  const output = OUTPUTS[name]
  const file = output && optionValue(args, output.names, output.rules)
  return file === undefined ? NONE : filesOnly([file])
}

/** Files written by one command; `input` is the text that it reads, as far as it is known. */
export function writtenFiles(command: RunCommand, input: string): WrittenFiles {
  const { name, args } = command
  switch (name) {
    case 'rm':
      return removed(args)
    // they take folders, too
    case 'rimraf':
    case 'trash':
    case 'trash-put':
    case 'del-cli':
      return { ...operandsOf(args), isTree: true, isName: true }
    case 'rmdir':
    case 'unlink':
      return { ...operandsOf(args), isName: true }
    case 'tee':
    case 'sponge':
    case 'sudoedit':
      return operandsOf(args)
    case 'shred':
      return operandsOf(args, { valued: ['-n', '-s', '--iterations', '--size', '--random-source'] })
    case 'touch':
      return operandsOf(args, { valued: ['-d', '-r', '-t', '--date', '--reference'] })
    case 'truncate':
      return operandsOf(args, { valued: ['-s', '-r', '--size', '--reference'] })
    case 'sed':
    case 'perl':
    case 'ruby':
      return inPlace(name, args)
    case 'mv': {
      const { sources, files } = landed(args)
      return { files: [...sources, ...files], isTree: true, unread: null, isName: true }
    }
    case 'cp': {
      const { options } = splitOptions(args, COPYING)
      const isTree = isRecursive(options) || hasFlag(options, 'a', '--archive')
      return { files: landed(args).files, isTree, unread: null }
    }
    case 'install':
      // `-d` makes folders, and writes nothing into them
      return hasFlag(splitOptions(args, COPYING).options, 'd', '--directory')
        ? NONE
        : filesOnly(landed(args).files)
    case 'ln':
      return linked(args)
    case 'dd':
      return filesOnly(
        args.filter((w) => w.text.startsWith('of=')).map((w) => ({ ...w, text: w.text.slice(3) })),
      )
    case 'find':
      return filesOnly(args.filter((_, i) => /^-(?:fprint[0f]?|fls)$/.test(args[i - 1]?.text ?? '')))
    case 'patch':
    case 'apply_patch':
      return patchedFiles(args, input)
    default:
      return EDITORS.test(name) ? edited(args) : toOutput(name, args)
  }
}

/** Writers whose files may all come from elsewhere (`xargs`). */
export const isWriter = (name: string): boolean =>
  /^(?:rm|rmdir|unlink|shred|mv|cp|sed|perl|ruby|tee|sponge|touch|truncate|patch|install|ln)$/.test(name)
