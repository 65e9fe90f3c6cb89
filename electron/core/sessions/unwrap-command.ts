/** Commands that run another one (`env`, `sudo`, `xargs`, …): what is run in the end. */
import { optionValue, takesNext, type OptionRules } from './command-options.ts'
import type { PathStyle } from './paths.ts'
import { folderBehind, plainWord, type ShellWord } from './shell-word.ts'

export interface RunCommand {
  readonly name: string
  readonly args: readonly ShellWord[]
  /** Where more arguments come from: the input (`xargs`), or what is found (`find -exec`); null: there are none. */
  readonly more: 'names-from-input' | 'names-found' | null
  /** `NAME=value` words that its wrappers set (`env`, `sudo`). */
  readonly assigned: readonly ShellWord[]
  /** Where it is run, by an option of a wrapper (`env -C DIR`); undefined: where the wrapper is. */
  readonly chdir: ShellWord | undefined
}

interface Wrapper extends OptionRules {
  /** How many words of its own stand before the command (`timeout 5 command`). */
  readonly operands?: number
  /** Options that name the folder of the command. */
  readonly chdir?: readonly string[]
  /** `NAME=value` may stand before the command. */
  readonly takesAssignments?: boolean
}

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  env: { valued: ['-u', '--unset', '-C', '--chdir'], chdir: ['-C', '--chdir'], takesAssignments: true },
  sudo: {
    valued: [
      '-u',
      '--user',
      '-g',
      '--group',
      '-h',
      '--host',
      '-p',
      '--prompt',
      '-C',
      '-r',
      '-t',
      '-T',
      '-U',
      '-D',
      '--chdir',
    ],
    chdir: ['-D', '--chdir'],
    takesAssignments: true,
  },
  doas: { valued: ['-u', '-C'] },
  nohup: { valued: [] },
  command: { valued: [] },
  builtin: { valued: [] },
  exec: { valued: ['-a'] },
  time: { valued: ['-f', '-o', '--format', '--output'] },
  nice: { valued: ['-n', '--adjustment'] },
  ionice: { valued: ['-c', '-n', '--class', '--classdata'] },
  chrt: { valued: [], operands: 1 },
  taskset: { valued: [], operands: 1 },
  setsid: { valued: [] },
  stdbuf: { valued: ['-i', '-o', '-e', '--input', '--output', '--error'] },
  timeout: { valued: ['-s', '--signal', '-k', '--kill-after'], operands: 1 },
  flock: { valued: ['-w', '--timeout', '-E', '--conflict-exit-code'], operands: 1 },
  busybox: { valued: [] },
  caffeinate: { valued: ['-t', '-w'] },
  fakeroot: { valued: [] },
  chronic: { valued: [] },
  eatmydata: { valued: [] },
  shx: { valued: [] },
  strace: {
    valued: ['-o', '-e', '-s', '-u', '-E', '-P', '-a', '-b', '-I', '-O', '-S', '-X', '--output', '--trace'],
  },
  ltrace: { valued: ['-o', '-e', '-s', '-u', '-a', '-n', '-l', '--output'] },
  'xvfb-run': {
    valued: ['-e', '-f', '-n', '-p', '-s', '-w', '--error-file', '--server-args', '--server-num'],
  },
  'systemd-run': {
    valued: ['-u', '-p', '-E', '-M', '-H', '--unit', '--property', '--slice', '--uid', '--gid'],
  },
  parallel: { valued: ['-j', '-a', '-S', '-I', '--jobs', '--arg-file', '--joblog', '--colsep', '--tmpdir'] },
  unbuffer: { valued: [] },
  npx: { valued: ['-p', '--package'] },
  bunx: { valued: [] },
  pnpx: { valued: [] },
  uvx: { valued: ['--from', '--with', '-p', '--python'] },
  xargs: {
    valued: [
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
      '--max-lines',
      '--delimiter',
      '--arg-file',
      '--max-chars',
      '--process-slot-var',
    ],
    glued: 'iel',
  },
}
/** Programs that run another one, each by one of its own commands; the project's own programs also by their mere names. */
const RUNNERS: Readonly<Record<string, RegExp>> = {
  npm: /^(?:exec|x)$/,
  pnpm: /^(?:exec|dlx)$/,
  yarn: /^(?:exec|dlx|run)$/,
  bun: /^(?:x|run)$/,
  uv: /^(?:run|tool)$/,
  poetry: /^run$/,
  pipenv: /^run$/,
  bundle: /^exec$/,
  python: /^-m$/,
  python3: /^-m$/,
}
/** Programs of a project that write files, by the names that its package manager runs them by. */
const OWN_PROGRAMS = /^(?:prettier|eslint|stylelint|markdownlint|biome|rimraf|del-cli|shx)$/
const MAX_WRAPPERS = 8
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/

/** What Homebrew calls GNU's programs beside the system's. */
const GNU =
  /^g(?=(?:cp|dd|env|find|install|ln|mv|nice|nohup|patch|rm|rmdir|sed|shred|sort|stdbuf|tar|tee|timeout|touch|truncate|unlink|xargs)$)/

/** The name of a program, wherever it lies, without the version that is asked for (`npx prettier@3`). */
const nameOf = (text: string): string =>
  text
    .slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1)
    .replace(/\.exe$/i, '')
    .replace(/(.)@[^@]*$/, '$1')
    .replace(GNU, '')

/** How many words belong to the wrapper itself. */
function ownWords(wrapper: Wrapper, words: readonly ShellWord[]): number {
  let at = 1
  for (; at < words.length; at++) {
    const text = words[at]?.text ?? ''
    if (text === '--') {
      at++
      break
    }
    if (text.startsWith('-') && text !== '-') {
      if (takesNext(text, wrapper)) at++
    } else if (!(wrapper.takesAssignments === true && ASSIGNMENT.test(text))) break
  }
  return at + (wrapper.operands ?? 0)
}

/** What is run behind `find … -exec`, and `-delete` as an `rm` of names that are not known. */
function foundCommand(words: readonly ShellWord[]): readonly ShellWord[] | undefined {
  const at = words.findIndex((word) => /^-(?:exec|execdir|ok|okdir)$/.test(word.text))
  if (at > 0) {
    const rest = words.slice(at + 1)
    const end = rest.findIndex((word) => word.text === ';' || word.text === '+')
    return withoutHolder(end < 0 ? rest : rest.slice(0, end), '{}')
  }
  return words.some((word) => word.text === '-delete') ? [plainWord('rm')] : undefined
}

/** What is run behind `fd … -x` and `-X`; its place is `{}`, or a part of it (`{.}`). */
function foundByFd(words: readonly ShellWord[]): readonly ShellWord[] | undefined {
  const at = words.findIndex((word) => /^(?:-[xX]|--exec(?:-batch)?)$/.test(word.text))
  return at > 0 ? withoutHolder(words.slice(at + 1), '{') : undefined
}

/**
 * The words in which no place is held for what comes from elsewhere; a script with such a place in it (`sh -c 'rm {}'`) stays, as
 * one that is not known.
 */
const withoutHolder = (words: readonly ShellWord[], holder: string): readonly ShellWord[] =>
  words.flatMap((word, at) => {
    if (!word.text.includes(holder)) return [word]
    const isScript = /\s/.test(word.text) || /^-[a-zA-Z]*c$/.test(words[at - 1]?.text ?? '')
    return isScript ? [{ ...word, isKnown: false }] : []
  })

/** What stands in an `xargs` command for each line of its input; undefined where lines are put behind it. */
function holderOf(own: readonly ShellWord[], wrapper: Wrapper): string | undefined {
  const named = optionValue(own, ['-I', '--replace'], wrapper)?.text
  if (named !== undefined) return named
  return own.some((word) => /^(?:-i|--replace)$/.test(word.text)) ? '{}' : undefined
}

/**
 * The command that is run in the end; undefined where the words hold none that is known, null where a wrapper stands alone
 * (`env`, `exec > log`): then nothing is run.
 */
export function unwrapCommand(words: readonly ShellWord[]): RunCommand | undefined | null {
  let rest = words
  let more: RunCommand['more'] = null
  let assigned: readonly ShellWord[] = []
  let chdir: ShellWord | undefined
  for (let step = 0; step < MAX_WRAPPERS; step++) {
    const first = rest[0]
    if (first === undefined) return null
    if (!first.isKnown) return undefined
    const name = nameOf(first.text)
    if (name === 'find' || name === 'fd' || name === 'fdfind') {
      const found = name === 'find' ? foundCommand(rest) : foundByFd(rest)
      if (found === undefined) return { name, args: rest.slice(1), more, assigned, chdir }
      rest = found
      more = 'names-found'
      continue
    }
    if (Object.hasOwn(RUNNERS, name) && RUNNERS[name]?.test(rest[1]?.text ?? '') === true) {
      const at = rest.findIndex((word, i) => i > 1 && !word.text.startsWith('-'))
      if (at > 0) {
        rest = rest.slice(at)
        continue
      }
    }
    if (/^(?:yarn|pnpm|bun)$/.test(name) && OWN_PROGRAMS.test(rest[1]?.text ?? '')) {
      rest = rest.slice(1)
      continue
    }
    const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined
    if (wrapper === undefined || isQuestion(name, rest))
      return { name, args: rest.slice(1), more, assigned, chdir }
    const inOne = name === 'env' ? splitString(rest) : undefined
    if (inOne !== undefined) {
      rest = inOne
      continue
    }
    const own = rest.slice(0, ownWords(wrapper, rest))
    if (wrapper.takesAssignments === true)
      assigned = [...assigned, ...own.filter((word) => ASSIGNMENT.test(word.text))]
    chdir = optionValue(own, wrapper.chdir ?? [], wrapper) ?? chdir
    rest = rest.slice(own.length)
    // `flock FILE -c "…"`
    if (name === 'flock' && /^(?:-c|--command)$/.test(rest[0]?.text ?? '')) rest = [plainWord('sh'), ...rest]
    if (name === 'parallel') {
      more = 'names-from-input'
      const at = rest.findIndex((word) => /^:::/.test(word.text))
      rest = withoutHolder(at < 0 ? rest : rest.slice(0, at), '{')
    }
    if (name === 'xargs') {
      more = 'names-from-input'
      const holder = holderOf(own, wrapper)
      if (holder !== undefined) rest = withoutHolder(rest, holder)
    }
  }
  return undefined
}

/** `env -S 'A=b command'`: the words stand in one; without quotes, which nobody puts there, they are what is between the blanks. */
function splitString(words: readonly ShellWord[]): readonly ShellWord[] | undefined {
  const at = words.findIndex((word) => /^(?:-S|--split-string$|--split-string=)/.test(word.text))
  const option = words[at]
  if (option === undefined || words.slice(1, at).some((word) => !word.text.startsWith('-'))) return undefined
  const glued = option.text.replace(/^(?:-S|--split-string=?)/, '')
  const value = glued === '' ? words[at + 1] : { ...option, text: glued }
  if (value?.isKnown !== true) return undefined
  const inner = value.text.split(/\s+/).filter((text) => text !== '')
  return [...words.slice(0, at), ...inner.map(plainWord), ...words.slice(at + (glued === '' ? 2 : 1))]
}

/** `command -v rm` asks what `rm` is. */
const isQuestion = (name: string, [, second]: readonly ShellWord[]): boolean =>
  name === 'command' && /^-[pvV]*[vV]/.test(second?.text ?? '')

/** The folder in which a command runs that stands in `folder`: where a wrapper leads (`env -C DIR`); null: not known. */
export const runFolder = ({ chdir }: RunCommand, folder: string | null, style: PathStyle): string | null =>
  chdir === undefined ? folder : folderBehind(chdir, folder, style)
