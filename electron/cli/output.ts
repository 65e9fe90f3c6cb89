/** The only place that writes to the terminal: the result to stdout, everything else to stderr. */
import { diskWords } from '../../shared/data-folder.ts'
import { showInvisible } from '../../shared/text.ts'
import { Shown, useColour, wantsColour } from './terminal/text.ts'
import { wrap } from './terminal/wrap.ts'

interface OutputFlags {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color?: boolean
}

let isAsJson = false
let isQuiet = false
let isTalkative = false
/** Why a write failed, as a clause; a reader that went away is no failure. */
let failed: string | null = null

/** Set once, from the global flags, before a command runs. */
export function useOutput(flags: OutputFlags): void {
  isAsJson = flags.json === true
  isQuiet = flags.quiet === true
  isTalkative = flags.verbose === true || Boolean(process.env['COORD_DEBUG'])
  const isWanted = flags.color !== false && !isAsJson
  useColour(wantsColour({ isWanted, isTTY: process.stdout.isTTY, env: process.env }))
}
export const isJson = (): boolean => isAsJson
/** What is asked of the API is to be said, too. */
export const isVerbose = (): boolean => isTalkative

/** Keeps a closed reader from being an error, and every other failure in mind until the end. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failed ??= diskWords(error)
  })
  process.stderr.on('error', () => undefined)
}

/** Waits until what was written has left; why it could not, or null. */
export async function outputFailure(): Promise<string | null> {
  if (failed === null) await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
  return failed
}

/** Writes to stdout and waits until the bytes have left; false where nobody reads them. */
export function write(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(!error))
  })
}

export type Words = Shown | string
const toText = (words: Words): string => (words instanceof Shown ? words.text : showInvisible(words))

/** One line of text for a person; nothing with `--json`. */
export const say = async (text: Words): Promise<void> => {
  if (!isAsJson) await write(toText(text) + '\n')
}
/**
 * The result: `value` as one line of JSON with `--json`, else the text; null where there is nothing to say. A text is sentences, and
 * broken at blanks on a terminal; what has to stay as it is comes from a function.
 */
export const result = async (value: unknown, text: Words | null | (() => Words | null)): Promise<void> => {
  if (isAsJson) return void (await write(JSON.stringify(value) + '\n'))
  if (typeof text === 'string') return void (await write(fitted(text, process.stdout) + '\n'))
  const words = typeof text === 'function' ? text() : text
  if (words !== null) await write(toText(words) + '\n')
}
/** What was not done: JSON where that is asked for, since it is a result, too; for a person a line on stderr. */
export const refusal = async (value: unknown, text: string): Promise<void> => {
  if (isAsJson) await write(JSON.stringify(value) + '\n')
  else errorLine(text)
}

const USUAL_COLUMNS = 80
/** A terminal breaks a line inside a word: it gets lines of its width, and a program the line as it is. */
export const fitted = (text: string, to: NodeJS.WriteStream = process.stderr): string =>
  to.isTTY ? wrap(showInvisible(text), to.columns || USUAL_COLUMNS).join('\n') : showInvisible(text)

const PREFIX = 'coord: '
/** What failed; said with `--quiet`, too. */
export const errorLine = (text: string): void => {
  process.stderr.write(fitted(text.startsWith(PREFIX) ? text : PREFIX + text) + '\n')
}
/** What a question is about, on stderr, where the question is. */
export const showBefore = (words: Words): void => {
  if (process.stdin.isTTY && process.stderr.isTTY) process.stderr.write(toText(words) + '\n')
}
/** Progress, hints and reasons. */
export const hint = (text: string): void => {
  if (!isQuiet) process.stderr.write(fitted(text) + '\n')
}
/** What is to be read as it stands: a difference, with the blanks that are in it. */
export const verbatim = (text: string): void => {
  if (!isQuiet) process.stderr.write(showInvisible(text) + '\n')
}
/** What one may do next; only where a person watches. */
export const tip = (text: string): void => {
  if (process.stderr.isTTY) hint(text)
}
/** Progress that replaces itself; only where a person watches. */
export const progress = (text: string): void => {
  if (process.stderr.isTTY && !isQuiet) process.stderr.write(`\r\u001b[K${showInvisible(text)}`)
}

/** What a command that asks the API at `url` waits for. */
export const waitingFor = (url: string): string => `coord: waiting for ${url} to answer (Ctrl-C stops)`

/** Nothing waits in silence: from one second on `what` is asked each second, and what it says is said once. */
export function sayWhileWaiting(what: () => string | null): () => void {
  const said = new Set<string>()
  const timer = setInterval(() => {
    const text = what()
    if (text === null || said.has(text)) return
    said.add(text)
    progress('')
    hint(text)
  }, 1000)
  return () => clearInterval(timer)
}
