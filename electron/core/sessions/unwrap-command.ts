/** Commands that run another one (`env`, `sudo`, `xargs`, …): what is run in the end. */
import type { ShellWord } from './shell-word.ts'

export interface RunCommand {
  readonly name: string
  readonly args: readonly ShellWord[]
  /** More arguments come from the input (`xargs`), or from what is found (`find -exec`). */
  readonly hasMore: boolean
}

/** Options of a wrapper that take the next word; all its other words that begin with `-` stand alone. */
const WRAPPERS: Readonly<Record<string, ReadonlySet<string>>> = {
  env: new Set(['-u', '--unset', '-C', '--chdir', '-S', '--split-string']),
  sudo: new Set(['-u', '--user', '-g', '--group', '-h', '--host', '-p', '--prompt', '-C', '-r', '-t', '-D']),
  doas: new Set(['-u', '-C']),
  nohup: new Set(),
  command: new Set(),
  builtin: new Set(),
  exec: new Set(['-a']),
  time: new Set(['-f', '-o', '--format', '--output']),
  nice: new Set(['-n', '--adjustment']),
  ionice: new Set(['-c', '-n', '--class', '--classdata']),
  setsid: new Set(),
  stdbuf: new Set(['-i', '-o', '-e']),
  timeout: new Set(['-s', '--signal', '-k', '--kill-after']),
  xargs: new Set([
    '-I',
    '-n',
    '-P',
    '-L',
    '-d',
    '-E',
    '-s',
    '-a',
    '--max-args',
    '--max-procs',
    '--delimiter',
  ]),
}
const MAX_WRAPPERS = 8
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/

const baseName = (text: string): string =>
  text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1)

/** How many words belong to the wrapper itself. */
function ownWords(name: string, words: readonly ShellWord[]): number {
  const valued = WRAPPERS[name] ?? new Set<string>()
  let at = 1
  for (; at < words.length; at++) {
    const text = words[at]?.text ?? ''
    if (text === '--') return at + 1
    if (text.startsWith('-') && text !== '-') {
      if (valued.has(text)) at++
    } else if (!(name === 'env' && ASSIGNMENT.test(text))) break
  }
  // `timeout 5 command`: the time stands before the command
  return name === 'timeout' ? at + 1 : at
}

/** What is run behind `find … -exec`, and `-delete` as an `rm` of names that are not known. */
function foundCommand(words: readonly ShellWord[]): readonly ShellWord[] | undefined {
  const at = words.findIndex((word) => /^-(?:exec|execdir|ok|okdir)$/.test(word.text))
  if (at > 0) {
    const rest = words.slice(at + 1)
    const end = rest.findIndex((word) => word.text === ';' || word.text === '+')
    return (end < 0 ? rest : rest.slice(0, end)).filter((word) => word.text !== '{}')
  }
  return words.some((word) => word.text === '-delete')
    ? [{ text: 'rm', isKnown: true, isPattern: false }]
    : undefined
}

/** The command that is run in the end; undefined where the words hold none that is known. */
export function unwrapCommand(words: readonly ShellWord[]): RunCommand | undefined {
  let rest = words
  let hasMore = false
  for (let step = 0; step < MAX_WRAPPERS; step++) {
    const first = rest[0]
    if (!first?.isKnown) return undefined
    const name = baseName(first.text).replace(/\.exe$/i, '')
    if (name === 'find') {
      const found = foundCommand(rest)
      if (found === undefined) return { name, args: rest.slice(1), hasMore }
      rest = found
      hasMore = true
      continue
    }
    if (!(name in WRAPPERS)) return { name, args: rest.slice(1), hasMore }
    hasMore ||= name === 'xargs'
    rest = rest.slice(ownWords(name, rest))
  }
  return undefined
}
