/** Programs that rewrite the files that they are given: formatters, linters that mend, `rsync`, `awk -i inplace`, archives. */
import { hasFlag, optionValue, splitOptions, type OptionRules } from './command-options.ts'
import { REWRITERS, type Rewriter } from './rewriters.ts'
import { plainWord, type ShellWord } from './shell-word.ts'
import type { RunCommand } from './unwrap-command.ts'
import { filesOnly, landed, type WrittenFile, type WrittenFiles } from './written-files.ts'

/** A pattern that the program expands by itself, in the two signs that every lock may have. */
function asFile(word: ShellWord): ShellWord {
  if (word.isPattern || !/[*?{[]/.test(word.text)) return word
  return { ...word, text: word.text.replace(/\{[^{}]*\}|\[[^\]]*\]/g, '*'), isPattern: true }
}

/** A file is claimed; of a folder or a pattern it is asked whether others hold some of it. */
const rewritten = (words: readonly ShellWord[]): WrittenFiles => ({
  files: words.filter(({ text }) => text !== '-' && !text.startsWith('!')).map(asFile),
  isTree: true,
  unread: null,
  asks: 'of-folders',
})

function rewriting(rewriter: Rewriter, { args, more }: RunCommand): WrittenFiles | undefined {
  const { options, operands } = splitOptions(args, rewriter)
  const { command, writesWith, looksWith, byDefault } = rewriter
  if (command !== undefined && !command.test(operands[0]?.text ?? '')) return undefined
  if (writesWith !== undefined && !options.some((option) => writesWith.test(option))) return undefined
  if (looksWith !== undefined && options.some((option) => looksWith.test(option))) return undefined
  const named = operands.slice(command === undefined ? (rewriter.script ?? 0) : 1)
  const isAll = named.length === 0 && byDefault !== undefined && more === null
  return { ...rewritten(isAll ? [plainWord('.')] : named), unread: more }
}

const RSYNC: OptionRules = {
  valued: [
    '-e',
    '--rsh',
    '--rsync-path',
    '-f',
    '--filter',
    '--exclude',
    '--exclude-from',
    '--include',
    '--include-from',
    '--files-from',
    '--link-dest',
    '--compare-dest',
    '--copy-dest',
    '--backup-dir',
    '--suffix',
    '--bwlimit',
    '--timeout',
    '--port',
    '--chmod',
    '--chown',
    '--max-size',
    '--min-size',
    '-T',
    '--temp-dir',
    '--log-file',
    '--password-file',
    '--partial-dir',
    '--out-format',
    '-B',
    '-M',
  ],
}

/** `host:path` and `rsync://…`, not `C:/…`. */
const isRemote = ({ text }: ShellWord): boolean =>
  /^[^/\\]{2,}:/.test(text) || /^[^/\\:]*::/.test(text) || /^[^/\\]:(?![/\\])/.test(text)

function synced(args: readonly ShellWord[]): WrittenFiles | undefined {
  const { options, operands } = splitOptions(args, RSYNC)
  const to = operands.at(-1)
  const sources = operands.slice(0, -1)
  if (to === undefined || sources.length === 0 || hasFlag(options, 'n', '--dry-run')) return undefined
  const taken = options.includes('--remove-source-files') ? sources.filter((word) => !isRemote(word)) : []
  // of a folder with `/` behind it what is in it lands in the folder itself
  const isInside = (word: ShellWord): boolean => word.text.endsWith('/') || isRemote(word)
  const named = sources.filter((word) => !isInside(word))
  const into =
    named.length > 0
      ? landed(named.length < sources.length ? [...named, toFolder(to)] : [...named, to]).files
      : []
  const whole: readonly WrittenFile[] = sources.some(isInside) ? [to] : []
  const files = isRemote(to) ? taken : [...taken, ...into, ...whole]
  return { files, isTree: true, unread: null, asks: 'of-folders' }
}

const toFolder = (word: ShellWord): ShellWord => ({ ...word, text: `${word.text.replace(/\/+$/, '')}/` })

const AWK: OptionRules = {
  valued: [
    '-i',
    '--include',
    '-v',
    '--assign',
    '-F',
    '--field-separator',
    '-f',
    '--file',
    '-e',
    '--source',
    '-l',
  ],
}

function awkInPlace(args: readonly ShellWord[]): WrittenFiles | undefined {
  if (!/^(?:inplace|.*\/inplace\.awk)$/.test(optionValue(args, ['-i', '--include'], AWK)?.text ?? ''))
    return undefined
  const { options, operands } = splitOptions(args, AWK)
  const hasScript = options.some((option) => /^(?:-f|--file|-e|--source)/.test(option))
  return filesOnly((hasScript ? operands : operands.slice(1)).filter(({ text }) => !/^\w+=/.test(text)))
}

/** `awk '{ print > "a.txt" }'`: a program that writes files of its own, where it is no device. */
const printedByAwk = (args: readonly ShellWord[]): WrittenFiles | undefined =>
  args.some(({ text }) => />\s*(?:"(?!\/dev\/)|\(|\$\d+\s*")/.test(text))
    ? { ...filesOnly([]), unread: 'program' }
    : undefined

/** What an archive is packed into; what comes out of one only the archive knows. */
function archived({ name, args }: RunCommand): WrittenFiles | undefined {
  const first = args[0]?.text ?? ''
  const letters = /^-?[a-zA-Z]+$/.test(first) ? first.replace(/^-/, '') : ''
  const has = (letter: string, long: string): boolean =>
    letters.includes(letter) || args.some((word) => word.text === `-${letter}` || word.text === long)
  const own: WrittenFiles = { ...filesOnly([]), unread: 'own-files' }
  if (name === 'unzip')
    return hasFlag(
      args.map((word) => word.text),
      'l',
      '-l',
    ) || has('p', '-p')
      ? undefined
      : own
  if (has('x', '--extract') || args.some((word) => word.text === '--get'))
    return has('O', '--to-stdout') ? undefined : own
  const isMade = has('c', '--create') || has('r', '--append') || has('u', '--update')
  const rules = { valued: ['-f', '--file', '-C', '--directory', '-T', '-X', '--exclude'] }
  const file =
    letters !== '' && !first.startsWith('-') && letters.includes('f')
      ? args[1]
      : optionValue(args, ['-f', '--file'], rules)
  return isMade && file !== undefined && file.text !== '-' ? filesOnly([file]) : undefined
}

/** `scp host:a b`, as `cp`; what goes to another machine is only read here. */
function fetched(args: readonly ShellWord[]): WrittenFiles {
  const valued = ['-i', '-P', '-o', '-c', '-F', '-J', '-l', '-S', '-D', '-X']
  const { operands } = splitOptions(args, { valued })
  const to = operands.at(-1)
  if (to === undefined || operands.length < 2 || isRemote(to)) return filesOnly([])
  const names = operands.slice(0, -1).map((word) => ({ ...word, text: word.text.replace(/^[^/]*:/, '') }))
  return filesOnly(landed([...names, to]).files)
}

/** `gzip a` makes `a.gz` of it, `gunzip a.gz` the other way. */
function packed({ args }: RunCommand): WrittenFiles | undefined {
  const words = args.map((word) => word.text)
  if (words.some((word) => /^(?:-[a-zA-Z]*[ctlh]|--(?:stdout|to-stdout|test|list|help|version))/.test(word)))
    return undefined
  return filesOnly(splitOptions(args, { valued: ['-S', '--suffix', '-T', '-o'] }).operands)
}

/** Options behind which a program stands, by the name of what runs it. */
const INLINE: readonly (readonly [name: RegExp, option: RegExp])[] = [
  [/^(?:python|pypy)[\d.]*$/, /^-[a-zA-Z]*c$/],
  [/^(?:node|nodejs|bun)$/, /^(?:-e|--eval|-p|--print|-pe)(?:=|$)/],
  [/^deno$/, /^eval$/],
  [/^php$/, /^-r$/],
  [/^(?:ruby|perl)$/, /^-[a-zA-Z]*[eE]/],
]

/** A program that stands in the command or in its input: it may write anything. */
function isInline({ name, args }: RunCommand, input: string): boolean {
  // in Base64
  if (/^(?:pwsh|powershell)$/i.test(name))
    return args.some((word) => /^[-/]e(?:c|n[a-z]*)?$/i.test(word.text))
  const option = INLINE.find(([names]) => names.test(name))?.[1]
  if (option === undefined) return false
  const at = args.findIndex((word) => !word.text.startsWith('-') || word.text === '-')
  const options = args.slice(0, at < 0 ? args.length : at).map((word) => word.text)
  // with `-n` and `-p` they are filters, as `sed` and `awk` are
  const isFilter = /^(?:ruby|perl)$/.test(name) && options.some((one) => /^-[a-zA-Z0-9]*[np]/.test(one))
  const own = name === 'deno' ? args.slice(0, 1).map((word) => word.text) : options
  if (own.some((one) => option.test(one))) return !isFilter
  return (
    input !== '' &&
    (at < 0 || args[at]?.text === '-') &&
    !own.some((one) => /^(?:-V|--version|-v|-h|--help)$/.test(one))
  )
}

/** What such a program writes; undefined where it is none of them, or only looks. */
export function programFiles(run: RunCommand, input: string): WrittenFiles | undefined {
  const { name, args } = run
  if (name === 'rsync') return synced(args)
  if (name === 'scp') return fetched(args)
  if (/^(?:gzip|gunzip|bzip2|bunzip2|xz|unxz|lzma|unlzma)$/.test(name)) return packed(run)
  if (/^(?:[gm]?awk|nawk)$/.test(name)) return awkInPlace(args) ?? printedByAwk(args)
  if (name === 'tar' || name === 'bsdtar' || name === 'unzip') return archived(run)
  if (isInline(run, input)) return { ...filesOnly([]), unread: 'program' }
  const rewriters = Object.hasOwn(REWRITERS, name) ? REWRITERS[name] : undefined
  return rewriters?.map((one) => rewriting(one, run)).find((found) => found !== undefined)
}
