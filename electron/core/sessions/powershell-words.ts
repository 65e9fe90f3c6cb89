/** Words and statements of a PowerShell command, as far as they can be known without running anything. */
import { plainWord, type ShellWord } from './shell-word.ts'

/** One command: its words (an argument may be a list, `a, b`), what it writes to, and the scripts within it. */
export interface PowerShellStatement {
  readonly words: readonly (readonly ShellWord[])[]
  readonly writesTo: readonly ShellWord[]
  /** `{…}`, `(…)` and `$(…)`. */
  readonly inner: readonly string[]
  /** `& …`: its first word is a command, whatever it is. */
  readonly isCall: boolean
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '{': '}' }
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' }

class Unreadable extends Error {}

/** A word while it is read. */
interface Open {
  text: string
  isKnown: boolean
  isEmpty: boolean
}

class Tokens {
  readonly statements: PowerShellStatement[] = []
  readonly #text: string
  #at = 0
  #words: ShellWord[][] = []
  #writesTo: ShellWord[] = []
  #inner: string[] = []
  #isList = false
  #redirects = false
  #isCall = false

  constructor(text: string) {
    this.#text = text.replaceAll('\r\n', '\n')
  }

  read(): readonly PowerShellStatement[] {
    while (this.#at < this.#text.length) this.#next()
    this.#end()
    return this.statements
  }

  #next(): void {
    const c = this.#text.charAt(this.#at)
    if (/[ \t]/.test(c)) this.#at++
    else if (c === '`' && this.#text[this.#at + 1] === '\n') this.#at += 2
    else if (c === '#') this.#at = indexOr(this.#text, '\n', this.#at)
    else if (this.#text.startsWith('<#', this.#at)) this.#at = this.#after('#>', this.#at + 2)
    else if (/[\n;|&})]/.test(c)) {
      this.#at++
      this.#end()
      this.#isCall = c === '&' && this.#text[this.#at] !== '&'
    } else if (c === ',') {
      this.#at++
      this.#isList = true
    } else if (!this.#redirection()) this.#word()
  }

  #end(): void {
    if (this.#words.length > 0 || this.#writesTo.length > 0 || this.#inner.length > 0)
      this.statements.push({
        words: this.#words,
        writesTo: this.#writesTo,
        inner: this.#inner,
        isCall: this.#isCall,
      })
    this.#words = []
    this.#writesTo = []
    this.#inner = []
    this.#isList = false
    this.#redirects = false
    this.#isCall = false
  }

  /** `>`, `>>`, `2>`, `*>`; `2>&1` names no file. */
  #redirection(): boolean {
    const found = /^(?:\d|\*)?>>?(&\d)?/.exec(this.#text.slice(this.#at, this.#at + 5))
    if (!found) return false
    this.#at += found[0].length
    this.#redirects = found[1] === undefined
    return true
  }

  #word(): void {
    const open: Open = { text: '', isKnown: true, isEmpty: false }
    const from = this.#at
    while (this.#at < this.#text.length && !/[\s;|&,})]/.test(this.#text.charAt(this.#at))) this.#part(open)
    if (this.#at === from) throw new Unreadable()
    const isPattern = /[*?]/.test(open.text)
    const word = open.isKnown
      ? { ...plainWord(open.text), isPattern }
      : { text: this.#text.slice(from, this.#at), isKnown: false, isPattern }
    if (this.#redirects) this.#writesTo.push(word)
    else if (this.#isList && this.#words.length > 0) this.#words.at(-1)?.push(word)
    else this.#words.push([word])
    this.#redirects = false
    this.#isList = false
  }

  #part(open: Open): void {
    const c = this.#text.charAt(this.#at)
    const two = this.#text.slice(this.#at, this.#at + 2)
    if (two === "@'" || two === '@"') this.#hereString(open, two.charAt(1))
    else if (c === "'") this.#quoted(open)
    else if (c === '"') this.#expanding(open)
    else if (c === '$' || c === '(' || c === '{' || two === '@(' || two === '@{') this.#value(open)
    else if (c === '`') {
      open.text += this.#text.charAt(this.#at + 1)
      this.#at += 2
    } else {
      open.text += c
      this.#at++
    }
  }

  #quoted(open: Open): void {
    for (this.#at++; ; this.#at++) {
      const c = this.#text[this.#at]
      if (c === undefined) throw new Unreadable()
      if (c !== "'") open.text += c
      else if (this.#text[this.#at + 1] === "'") {
        open.text += "'"
        this.#at++
      } else break
    }
    this.#at++
  }

  #expanding(open: Open): void {
    for (this.#at++; ;) {
      const c = this.#text[this.#at]
      if (c === undefined) throw new Unreadable()
      if (c === '"' && this.#text[this.#at + 1] !== '"') break
      if (c === '$' && /[\w({?^$]/.test(this.#text[this.#at + 1] ?? '')) {
        this.#value(open)
        continue
      }
      const isPair = c === '`' || c === '"'
      const next = this.#text.charAt(this.#at + 1)
      open.text += c === '`' ? (ESCAPES[next] ?? next) : c
      this.#at += isPair ? 2 : 1
    }
    this.#at++
  }

  #hereString(open: Open, quote: string): void {
    const from = indexOr(this.#text, '\n', this.#at) + 1
    const end = this.#text.indexOf(`\n${quote}@`, from - 1)
    if (end < 0) throw new Unreadable()
    const text = this.#text.slice(from, Math.max(from, end))
    open.text += text
    if (quote === '"' && text.includes('$')) open.isKnown = false
    this.#at = end + 3
  }

  /** A variable, or what a script gives: not known. */
  #value(open: Open): void {
    open.isKnown = false
    const name = /^\$(?:[\w:?^$]+|\{[^}]*\})/.exec(this.#text.slice(this.#at, this.#at + 200))
    if (name) {
      this.#at += name[0].length
      return
    }
    const start = /^[@$]?([({])/.exec(this.#text.slice(this.#at, this.#at + 2))
    if (!start) {
      open.text += this.#text.charAt(this.#at)
      this.#at++
      return
    }
    const from = this.#at + start[0].length
    const to = this.#closed(from, CLOSING[start[1] ?? ''] ?? '')
    this.#inner.push(this.#text.slice(from, to))
    this.#at = to + 1
  }

  /** Where the group that began before `from` ends; quotes and groups within are passed over. */
  #closed(from: number, closing: string): number {
    const open = closing === ')' ? '(' : '{'
    let depth = 1
    for (let at = from; at < this.#text.length; at++) {
      const c = this.#text.charAt(at)
      if (c === '`') at++
      else if (c === "'" || c === '"') at = endOfQuote(this.#text, at)
      else if (c === open) depth++
      else if (c === closing && --depth === 0) return at
    }
    throw new Unreadable()
  }

  #after(end: string, from: number): number {
    const at = this.#text.indexOf(end, from)
    if (at < 0) throw new Unreadable()
    return at + end.length
  }
}

function endOfQuote(text: string, from: number): number {
  const quote = text.charAt(from)
  for (let at = from + 1; at < text.length; at++) {
    if (quote === '"' && text[at] === '`') at++
    else if (text[at] === quote) return at
  }
  throw new Unreadable()
}

const indexOr = (text: string, sign: string, from: number): number => {
  const at = text.indexOf(sign, from)
  return at < 0 ? text.length : at
}

/** The statements of a script in reading order; null where it is none that can be read. */
export function readPowerShell(text: string): readonly PowerShellStatement[] | null {
  try {
    return new Tokens(text).read()
  } catch (error) {
    if (error instanceof Unreadable) return null
    throw error
  }
}
