/** Reads a shell command without running it: which simple commands it holds, in which folder each would run. */
import {
  forEachChild,
  parse,
  type AndOr,
  type Command,
  type Pipeline,
  type Redirection,
  type SyntaxNode,
} from 'unbash'
import type { PathStyle } from './paths.ts'
import { toProgram } from './powershell-commands.ts'
import { readPowerShell, type PowerShellStatement } from './powershell-words.ts'
import { scriptWithin, type Shell } from './script-within.ts'
import { atHome, folderBehind, readWord, withoutBraces, type ShellWord } from './shell-word.ts'
import type { UnreadCause } from './targets.ts'
import { assigned, assignedHere, exported, given, inDoubt, type Variables } from './shell-variables.ts'
import { runFolder, unwrapCommand } from './unwrap-command.ts'

/** Scripts within scripts (`bash -c "…"`) are followed this deep. */
const MAX_DEPTH = 5

export interface ShellFacts {
  /** Where the command starts, absolute. */
  readonly folder: string
  readonly style: PathStyle
  /** The person's home folder, for `~/`; null where it is not known. */
  readonly home: string | null
}

/** One simple command: what is called, with what, and what it reads and writes by redirection. */
export interface SimpleCommand {
  readonly words: readonly ShellWord[]
  /** Its words as written, joined by one space. */
  readonly text: string
  /** Null after a `cd` that could not be followed. */
  readonly folder: string | null
  readonly writesTo: readonly ShellWord[]
  /** What it is given of the variables that lead git elsewhere. */
  readonly variables: Variables
  /** What it reads, as far as it is known: here-documents, and what a `cat` or `echo` before it gives. */
  readonly input: string
  /** Its input is a file (`<`). */
  readonly readsFile: boolean
}

export interface ShellScript {
  readonly commands: readonly SimpleCommand[]
  readonly unread: readonly { readonly cause: UnreadCause; readonly text: string }[]
}

const WRITING = new Set(['>', '>>', '>|', '&>', '&>>', '<>', '>&'])

/** What may not be run, or not as often as it is read. */
const MAYBE: ReadonlySet<SyntaxNode['type']> = new Set([
  'If',
  'While',
  'For',
  'ArithmeticFor',
  'Select',
  'Case',
  'Function',
])

/** The folder that a run of commands is in, and what it exports; a subshell gets a copy. */
interface Place {
  folder: string | null
  variables: Variables
}

const joined = (words: readonly ShellWord[]): string => words.map((word) => word.text).join(' ')

class Reader {
  readonly commands: SimpleCommand[] = []
  readonly unread: { cause: UnreadCause; text: string }[] = []
  readonly #facts: ShellFacts
  /** What the command before in a pipe gives. */
  #piped = ''

  constructor(facts: ShellFacts) {
    this.#facts = facts
  }

  script(text: string, shell: Shell, place: Place, depth: number): void {
    if (depth > MAX_DEPTH) this.unread.push({ cause: 'too-deep', text })
    else if (shell === 'powershell') this.#powerShell(text, place, depth)
    else {
      const script = parse(text)
      // a tree that was guessed would refuse the wrong file
      if (script.errors && script.errors.length > 0) this.unread.push({ cause: 'syntax', text })
      else this.#visit(script, place, depth)
    }
  }

  #powerShell(text: string, place: Place, depth: number): void {
    const statements = readPowerShell(text)
    if (statements === null) this.unread.push({ cause: 'syntax', text })
    for (const statement of statements ?? []) this.#statement(statement, place, depth)
  }

  #statement(statement: PowerShellStatement, place: Place, depth: number): void {
    const before = place.folder
    for (const inner of statement.inner) this.script(inner, 'powershell', place, depth + 1)
    if (place.folder !== before) place.folder = null
    const words = toProgram(statement).map((word) => atHome(word, this.#facts.home))
    const writesTo = statement.writesTo
      .filter((word) => word.text.toLowerCase() !== '$null')
      .map((word) => atHome(word, this.#facts.home))
    if (words.length > 0 || writesTo.length > 0)
      this.commands.push({
        words,
        text: joined(statement.words.flat()),
        folder: place.folder,
        writesTo,
        variables: place.variables,
        readsFile: false,
        input: '',
      })
    this.#enter(words, place)
    this.#within(words, '', place, depth)
  }

  #visit(node: SyntaxNode, place: Place, depth: number): void {
    if (node.type === 'Command') return this.#command(node, place, depth)
    if (node.type === 'Subshell' || node.type === 'CommandExpansion' || node.type === 'ProcessSubstitution')
      return this.#children(node, { ...place }, depth)
    if (node.type === 'Statement' && node.background === true)
      return this.#visit({ ...node, background: false }, { ...place }, depth)
    if (node.type === 'Pipeline') return this.#pipeline(node, place, depth)
    if (node.type === 'AndOr') return this.#chain(node, place, depth)
    if (node.type === 'Redirected') {
      this.#visit(node.command, place, depth)
      this.#add([], node.redirects, place)
      return
    }
    const before = { ...place }
    this.#children(node, place, depth)
    // a `cd` or an `export` in a branch, a loop or a function may have happened or not
    if (MAYBE.has(node.type)) this.#doubt(place, before)
  }

  /** Behind `&&` and `||` a `cd` holds for the rest of the chain; what comes after it may have been reached without. */
  #chain({ commands }: AndOr, place: Place, depth: number): void {
    const [first, ...rest] = commands
    if (first) this.#visit(first, place, depth)
    const after = { ...place }
    for (const part of rest) this.#visit(part, place, depth)
    this.#doubt(place, after)
  }

  /** What may have changed since is not known. */
  #doubt(place: Place, before: Place): void {
    if (place.folder !== before.folder) place.folder = null
    place.variables = inDoubt(place.variables, before.variables)
  }

  #pipeline({ commands }: Pipeline, place: Place, depth: number): void {
    let piped = ''
    for (const part of commands) {
      this.#piped = piped
      // each side of a pipe runs in a shell of its own
      this.#visit(part, commands.length > 1 ? { ...place } : place, depth)
      piped = part.type === 'Command' ? this.#givenBy(part) : ''
    }
    this.#piped = ''
  }

  /** What `cat <<EOF` and `echo "…"` print; '' of every other command. */
  #givenBy(command: Command): string {
    const words = this.#wordsOf(command)
    const [name, ...rest] = words
    if (name?.text === 'cat')
      return rest.every((word) => word.text === '-') ? this.#inputOf(command.redirects) : ''
    if (name?.text !== 'echo' || !rest.every((word) => word.isKnown)) return ''
    return `${joined(rest.filter((word) => !/^-[neE]+$/.test(word.text)))}\n`
  }

  #children(node: SyntaxNode, place: Place, depth: number): void {
    forEachChild(node, (child) => {
      this.#visit(child, place, depth)
    })
  }

  #wordsOf(node: Command): readonly ShellWord[] {
    return [node.name, ...node.args]
      .filter((word) => word !== undefined)
      .flatMap((word) =>
        word.type === 'Word'
          ? withoutBraces(word).map((one) => readWord(one, this.#facts.home))
          : [{ text: word.text, isKnown: true, isPattern: false }],
      )
  }

  #command(node: Command, place: Place, depth: number): void {
    const words = this.#wordsOf(node)
    const piped = this.#piped
    this.#piped = ''
    this.#children(node, place, depth)
    const own = assigned(place.variables, node.prefix, this.#facts.home)
    const input = this.#add(words, node.redirects, { ...place, variables: own }, piped)
    this.#enter(words, place)
    place.variables =
      words.length === 0 ? assignedHere(place.variables, own) : exported(place.variables, words)
    this.#within(words, input, place, depth, own)
  }

  /** The script that a command runs, where it runs one. */
  #within(
    words: readonly ShellWord[],
    input: string,
    place: Place,
    depth: number,
    own: Variables = place.variables,
  ): void {
    const run = unwrapCommand(words)
    if (!run) return
    const inner = scriptWithin(run, input)
    if (inner === undefined) return
    const there = inner.isHere
      ? place
      : inner.isElsewhere === true
        ? { folder: null, variables: place.variables }
        : { folder: runFolder(run, place.folder, this.#facts.style), variables: given(own, run.assigned) }
    if (inner.isKnown) this.script(inner.text, inner.shell, there, depth + 1)
    else this.unread.push({ cause: 'expansion', text: inner.text })
  }

  #inputOf(redirects: readonly Redirection[]): string {
    let input = ''
    for (const redirect of redirects) {
      if (redirect.type === 'HereDoc') input += redirect.body.text
      if (redirect.type !== 'HereString' || !redirect.target) continue
      const word = readWord(redirect.target, this.#facts.home)
      if (word.isKnown) input += `${word.text}\n`
    }
    return input
  }

  /** Adds the command, and gives what it reads. */
  #add(words: readonly ShellWord[], redirects: readonly Redirection[], place: Place, piped = ''): string {
    const writesTo: ShellWord[] = []
    for (const redirect of redirects) {
      if (redirect.type !== 'Redirect' || !WRITING.has(redirect.operator) || !redirect.target) continue
      const word = readWord(redirect.target, this.#facts.home)
      // `>&$fd` is a descriptor
      if (redirect.operator !== '>&' || word.isKnown) writesTo.push(word)
    }
    const input = this.#inputOf(redirects) || piped
    if (words.length > 0 || writesTo.length > 0)
      this.commands.push({
        words,
        text: joined(words),
        folder: place.folder,
        variables: place.variables,
        writesTo,
        readsFile: redirects.some((one) => one.type === 'Redirect' && one.operator === '<'),
        input,
      })
    return input
  }

  /** `cd` and its like move what follows. */
  #enter(all: readonly ShellWord[], place: Place): void {
    const words = all.slice(all.findIndex((word) => !/^(?:builtin|command)$/.test(word.text)))
    const name = words[0]?.text
    if (name === 'popd') place.folder = null
    if (name !== 'cd' && name !== 'pushd') return
    const target = words.slice(1).find((word) => !/^-[LPe@]+$|^--$/.test(word.text))
    place.folder = target ? folderBehind(target, place.folder, this.#facts.style) : this.#facts.home
  }
}

/** Every simple command of `text` in reading order, also those in substitutions, functions and branches. */
export function readShell(text: string, facts: ShellFacts, shell: Shell = 'bash'): ShellScript {
  const reader = new Reader(facts)
  reader.script(text, shell, { folder: facts.folder, variables: new Map() }, 0)
  return { commands: reader.commands, unread: reader.unread }
}
