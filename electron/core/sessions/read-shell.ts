/** Reads a shell command without running it: which simple commands it holds, in which folder each would run. */
import { forEachChild, parse, type Command, type Redirection, type SyntaxNode } from 'unbash'
import type { PathStyle } from './paths.ts'
import { isAbsolutePath, resolvePath } from './paths.ts'
import type { UnreadCause } from './targets.ts'
import { readWord, type ShellWord } from './shell-word.ts'

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
  /** Null after a `cd` that could not be followed. */
  readonly folder: string | null
  readonly writesTo: readonly ShellWord[]
  /** The text of its here-documents. */
  readonly input: string
}

export interface ShellScript {
  readonly commands: readonly SimpleCommand[]
  readonly unread: readonly { readonly cause: UnreadCause; readonly text: string }[]
}

const WRITING = new Set(['>', '>>', '>|', '&>', '&>>', '<>'])

/** The folder that a run of commands is in; a subshell gets a copy. */
interface Place {
  folder: string | null
}

class Reader {
  readonly commands: SimpleCommand[] = []
  readonly unread: { cause: UnreadCause; text: string }[] = []
  readonly #facts: ShellFacts

  constructor(facts: ShellFacts) {
    this.#facts = facts
  }

  script(text: string, place: Place, depth: number): void {
    if (depth > MAX_DEPTH) {
      this.unread.push({ cause: 'too-deep', text })
      return
    }
    const script = parse(text)
    if (script.errors && script.errors.length > 0) {
      // a tree that was guessed would refuse the wrong file
      this.unread.push({ cause: 'syntax', text })
      return
    }
    this.#visit(script, place, depth)
  }

  #visit(node: SyntaxNode, place: Place, depth: number): void {
    if (node.type === 'Command') return this.#command(node, place, depth)
    if (node.type === 'Subshell' || node.type === 'CommandExpansion' || node.type === 'ProcessSubstitution')
      return this.#children(node, { ...place }, depth)
    if (node.type === 'Pipeline') {
      // each side of a pipe runs in a shell of its own
      for (const part of node.commands)
        this.#visit(part, node.commands.length > 1 ? { ...place } : place, depth)
      return
    }
    if (node.type === 'Redirected') {
      this.#visit(node.command, place, depth)
      this.#add([], node.redirects, place)
      return
    }
    this.#children(node, place, depth)
  }

  #children(node: SyntaxNode, place: Place, depth: number): void {
    forEachChild(node, (child) => {
      this.#visit(child, place, depth)
    })
  }

  #command(node: Command, place: Place, depth: number): void {
    const words = [node.name, ...node.args]
      .filter((word) => word !== undefined)
      .map((word) =>
        word.type === 'Word'
          ? readWord(word, this.#facts.home)
          : { text: word.text, isKnown: true, isPattern: false },
      )
    this.#children(node, place, depth)
    this.#add(words, node.redirects, place)
    this.#enter(words, place)
    const inner = scriptWithin(words)
    if (inner === undefined) return
    if (inner.isKnown) this.script(inner.text, words[0]?.text === 'eval' ? place : { ...place }, depth + 1)
    else this.unread.push({ cause: 'expansion', text: inner.text })
  }

  #add(words: readonly ShellWord[], redirects: readonly Redirection[], place: Place): void {
    const writesTo: ShellWord[] = []
    let input = ''
    for (const redirect of redirects) {
      if (redirect.type === 'HereDoc') input += redirect.body.text
      else if (redirect.type === 'Redirect' && WRITING.has(redirect.operator) && redirect.target)
        writesTo.push(readWord(redirect.target, this.#facts.home))
    }
    if (words.length > 0 || writesTo.length > 0)
      this.commands.push({ words, folder: place.folder, writesTo, input })
  }

  /** `cd` and its like move what follows. */
  #enter(words: readonly ShellWord[], place: Place): void {
    const name = words[0]?.text
    if (name === 'popd') place.folder = null
    if (name !== 'cd' && name !== 'pushd') return
    const target = words.slice(1).find((word) => !/^-[LPe@]+$|^--$/.test(word.text))
    if (target === undefined) place.folder = this.#facts.home
    else if (!target.isKnown || target.isPattern || target.text === '-') place.folder = null
    else if (place.folder !== null || isAbsolutePath(target.text, this.#facts.style))
      place.folder = resolvePath(place.folder ?? '/', target.text, this.#facts.style)
  }
}

const SHELLS = /^(?:.*\/)?(?:ba|da|z|k)?sh$/

/** The script that a shell is given as a word (`bash -c "…"`, `eval …`). */
function scriptWithin(words: readonly ShellWord[]): ShellWord | undefined {
  const name = words[0]?.text ?? ''
  if (name === 'eval') {
    const rest = words.slice(1)
    return {
      text: rest.map((word) => word.text).join(' '),
      isKnown: rest.every((word) => word.isKnown),
      isPattern: false,
    }
  }
  if (!SHELLS.test(name)) return undefined
  const at = words.findIndex((word, i) => i > 0 && /^-[a-z]*c[a-z]*$/.test(word.text))
  return at > 0 ? words[at + 1] : undefined
}

/** Every simple command of `text` in reading order, also those in substitutions, functions and branches. */
export function readShell(text: string, facts: ShellFacts): ShellScript {
  const reader = new Reader(facts)
  reader.script(text, { folder: facts.folder }, 0)
  return { commands: reader.commands, unread: reader.unread }
}
