/** The only place that writes to the terminal: the result to stdout, everything else to stderr. */

let isAsJson = false
/** Set once, from the global flag, before a command runs. */
export const useJson = (on: boolean): void => {
  isAsJson = on
}
export const isJson = (): boolean => isAsJson

/** Control characters that could drive a terminal; newline and tab stay. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
export const clean = (text: string): string => text.replace(CONTROL, '')

/** Writes to stdout and waits until the bytes have left; false where nobody reads them. */
export function write(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(!error))
  })
}

/** One line of text for a person; nothing with `--json`. */
export const say = async (text: string): Promise<void> => {
  if (!isAsJson) await write(clean(text) + '\n')
}
/** The result: `value` as one line of JSON with `--json`, else the text. */
export const result = async (value: unknown, text: string | (() => string)): Promise<void> => {
  if (isAsJson) await write(JSON.stringify(value) + '\n')
  else await write(clean(typeof text === 'string' ? text : text()) + '\n')
}
/** Progress, hints and reasons. */
export const hint = (text: string): void => {
  process.stderr.write(clean(text) + '\n')
}
/** Progress that replaces itself; only where a person watches. */
export const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${clean(text)}`)
}
