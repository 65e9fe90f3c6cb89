/** The only place that writes to the terminal: the result to stdout, everything else to stderr. */
import { stripInvisible } from '../../shared/text.ts'

let isAsJson = false
/** Set once, from the global flag, before a command runs. */
export const useJson = (on: boolean): void => {
  isAsJson = on
}
export const isJson = (): boolean => isAsJson

/** Writes to stdout and waits until the bytes have left; false where nobody reads them. */
export function write(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(!error))
  })
}

/** One line of text for a person; nothing with `--json`. */
export const say = async (text: string): Promise<void> => {
  if (!isAsJson) await write(stripInvisible(text) + '\n')
}
/** The result: `value` as one line of JSON with `--json`, else the text; null where there is nothing to say. */
export const result = async (value: unknown, text: string | null | (() => string)): Promise<void> => {
  if (isAsJson) await write(JSON.stringify(value) + '\n')
  else if (text !== null) await write(stripInvisible(typeof text === 'string' ? text : text()) + '\n')
}
/** Progress, hints and reasons. */
export const hint = (text: string): void => {
  process.stderr.write(stripInvisible(text) + '\n')
}
/** Progress that replaces itself; only where a person watches. */
export const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${stripInvisible(text)}`)
}

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
