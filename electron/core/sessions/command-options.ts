/** Options and operands of a command line, as most programs read theirs. */
import type { ShellWord } from './shell-word.ts'

/** Which options have a value behind them. */
export interface OptionRules {
  /** Options whose value is the next word, each with its dashes. */
  readonly valued: readonly string[]
  /** Letters whose value, if any, is glued to them (`-i.bak`). */
  readonly glued?: string
}

export interface SplitWords {
  readonly options: readonly string[]
  readonly operands: readonly ShellWord[]
}

/** Whether the next word belongs to this option; letters may stand together (`-nu root`, `-pe SCRIPT`). */
export function takesNext(option: string, { valued, glued = '' }: OptionRules): boolean {
  if (valued.includes(option)) return true
  if (!/^-[A-Za-z0-9]/.test(option)) return false
  for (let at = 1; at < option.length; at++) {
    const letter = option.charAt(at)
    if (glued.includes(letter)) return false
    if (valued.includes(`-${letter}`)) return at === option.length - 1
  }
  return false
}

/** Operands and options apart; the value of an option stands behind it among the options. */
export function splitOptions(args: readonly ShellWord[], rules: OptionRules = { valued: [] }): SplitWords {
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
      if (takesNext(word.text, rules)) options.push(args[++i]?.text ?? '')
    }
  }
  return { options, operands }
}

/** The value of the first of these options: the next word, or what is glued to it. */
export function optionValue(
  args: readonly ShellWord[],
  names: readonly string[],
  rules: OptionRules = { valued: names },
): ShellWord | undefined {
  for (const [i, word] of args.entries()) {
    if (word.text === '--') return undefined
    for (const name of names) {
      if (word.text === name) return args[i + 1]
      const glue = name.startsWith('--') ? `${name}=` : name
      if (word.text.startsWith(glue) && word.text.length > glue.length)
        return { ...word, text: word.text.slice(glue.length) }
      const isLast =
        !name.startsWith('--') && word.text.endsWith(name.slice(1)) && !word.text.startsWith('--')
      if (isLast && word.text.startsWith('-') && takesNext(word.text, rules)) return args[i + 1]
    }
  }
  return undefined
}

/** Whether one of the options is this letter, alone or among others, or this long name. */
export const hasFlag = (options: readonly string[], letter: string, long: string): boolean =>
  options.some(
    (o) => o === long || (/^-[A-Za-z]/.test(o) && !o.startsWith('--') && o.slice(1).includes(letter)),
  )
