/** Scripts that a command is given to run: `bash -c "…"`, `eval …`, `trap … EXIT`, a shell that reads its input. */
import { shellQuoted } from '../../../shared/shell-quote.ts'
import { optionValue, splitOptions } from './command-options.ts'
import { gitCommandAt } from './git-command.ts'
import type { ShellWord } from './shell-word.ts'
import type { RunCommand } from './unwrap-command.ts'

export type Shell = 'bash' | 'powershell'

export interface ScriptWithin {
  readonly shell: Shell
  readonly text: string
  readonly isKnown: boolean
  /** It runs in the very shell that reads it: its `cd` moves what follows. */
  readonly isHere: boolean
  /** It runs in a folder that its words do not say. */
  readonly isElsewhere?: boolean
}

const SHELLS = /^(?:ba|da|z|k|a)?sh$/

/** The script of a command; undefined where it runs none that stands in its words or its known input. */
export function scriptWithin({ name, args }: RunCommand, input: string): ScriptWithin | undefined {
  const inBash = (word: ShellWord | undefined, isHere = false): ScriptWithin | undefined =>
    word && { shell: 'bash', text: word.text, isKnown: word.isKnown, isHere }
  if (name === 'eval') return { ...joined(args), isHere: true }
  if (name === 'git') return gitScript(args)
  if (name === 'watch') return joined(splitOptions(args, { valued: ['-n', '--interval'] }).operands)
  if (/^(?:iex|invoke-expression)$/i.test(name))
    return {
      ...joined(args.filter((word) => !/^-command$/i.test(word.text))),
      shell: 'powershell',
      isHere: true,
    }
  if (/^cmd$/i.test(name)) return commandPrompt(args)
  if (name === 'trap') return inBash(splitOptions(args).operands[0])
  if (name === 'su' || name === 'runuser' || name === 'script') return inBash(behind(args, 'c'))
  if (/^(?:pwsh|powershell)$/i.test(name)) return powerShell(args)
  if (!SHELLS.test(name)) return undefined
  const given = inBash(behind(args, 'c'))
  if (given) return given
  const isReading =
    splitOptions(args, { valued: ['-o', '+o', '-O', '--rcfile', '--init-file'] }).operands.length === 0
  return isReading && input !== '' ? { shell: 'bash', text: input, isKnown: true, isHere: false } : undefined
}

const joined = (words: readonly ShellWord[]): ScriptWithin => ({
  shell: 'bash',
  text: words.map((word) => word.text).join(' '),
  isKnown: words.every((word) => word.isKnown),
  isHere: false,
})

/** What git runs by itself: in each submodule, at each step of a rebase or a search, at the top of a work tree. */
function gitScript(args: readonly ShellWord[]): ScriptWithin | undefined {
  const at = gitCommandAt(args)
  const name = args[at]?.text
  const rest = args.slice(at + 1)
  const run = (words: readonly ShellWord[]): ScriptWithin | undefined =>
    words.length > 0 ? { ...joined(words), isElsewhere: true } : undefined
  const quoted = (word: ShellWord): ShellWord => ({ ...word, text: shellQuoted(word.text) })
  if (name === 'submodule' && rest[0]?.text === 'foreach') return run(splitOptions(rest.slice(1)).operands)
  if (name === 'bisect' && rest[0]?.text === 'run') return run(rest.slice(1).map(quoted))
  const each = name === 'rebase' ? optionValue(rest, ['-x', '--exec']) : undefined
  return each && run([each])
}

/** The word behind the first option with this letter; options end at the first operand. */
function behind(args: readonly ShellWord[], letter: string): ShellWord | undefined {
  const at = args.findIndex(
    (word) => word.text === '--command' || (/^-[a-zA-Z]+$/.test(word.text) && word.text.includes(letter)),
  )
  return at >= 0 ? args[at + 1] : undefined
}

/**
 * `cmd /c "del a & copy b c"`: its own commands have the names that PowerShell knows, too, and the same redirections; what begins
 * with `/` are options there. From Git Bash it is called with `//c`.
 */
function commandPrompt(args: readonly ShellWord[]): ScriptWithin | undefined {
  const at = args.findIndex((word) => /^\/{1,2}[ck]$/i.test(word.text))
  if (at < 0) return undefined
  const { text, isKnown } = joined(args.slice(at + 1))
  const bare = text.replace(/(^|\s)\/[a-zA-Z](?=\s|$)/g, '$1').replaceAll('&', ';')
  return { shell: 'powershell', text: bare, isKnown, isHere: false }
}

/** `pwsh -Command …` takes all that follows. */
function powerShell(args: readonly ShellWord[]): ScriptWithin | undefined {
  const at = args.findIndex((word) => /^[-/]c(?:o(?:m(?:m(?:a(?:nd?)?)?)?)?)?$/i.test(word.text))
  const rest = at >= 0 ? args.slice(at + 1) : []
  if (rest.length === 0) return undefined
  return {
    shell: 'powershell',
    text: rest.map((word) => word.text).join(' '),
    isKnown: rest.every((word) => word.isKnown),
    isHere: false,
  }
}
