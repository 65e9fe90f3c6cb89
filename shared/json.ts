/** JSON of others, read so that an identifier stays what its server wrote. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const NUMBER = /-?\d[\d.eE+-]*/y

/**
 * The value of a JSON text, or undefined where the text is no JSON.
 * An integer that a double cannot hold exactly (beyond ±(2^53 − 1)) becomes the text of its digits: ids are opaque, and a
 * rounded id names another row.
 */
export function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return hasLongNumber(text) ? JSON.parse(quoteLargeIntegers(text)) : value
  } catch {
    return undefined
  }
}

/** Cheap and never wrong about a text without such a number: most answers are parsed as they came. */
const hasLongNumber = (text: string): boolean => /[0-9]{16}/.test(text)

// JSON.parse can give a reviver the source text of each number, but not in Node 16 (inside Electron 22, the preview runtime),
// and it calls back for every value. One pass over the text serves every runtime.
/** `text` is JSON. */
function quoteLargeIntegers(text: string): string {
  let out = ''
  let copied = 0
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
    } else if (code === MINUS || (code >= 0x30 && code <= 0x39)) {
      NUMBER.lastIndex = at
      const token = NUMBER.exec(text)?.[0] ?? text.charAt(at)
      if (/^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token))) {
        out += `${text.slice(copied, at)}"${token}"`
        copied = at + token.length
      }
      at += token.length
    } else at++
  }
  return out + text.slice(copied)
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return quote + 1
  }
  return text.length
}
