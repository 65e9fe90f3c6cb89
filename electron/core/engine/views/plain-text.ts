/** Text from elsewhere, made safe to show in one line of a menu, a tooltip or a notification. */

/** Control, bidi and other invisible characters that could disguise or break what a person reads. */
const UNSAFE =
  // eslint-disable-next-line no-control-regex -- control characters are what is removed
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu
const LONE_SURROGATE = /\p{Surrogate}/gu

/** One line, at most `max` characters (code points), without control or bidi characters. */
export function plainLine(text: string | null | undefined, max: number): string {
  if (!text) return ''
  // Cut first, roughly: a message body may be a megabyte.
  const clean = text
    .slice(0, max * 8 + 256)
    .replace(/[\t\r\n\v\f\u0085\u2028\u2029]+/g, ' ')
    .replace(UNSAFE, '')
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(/ {2,}/g, ' ')
    .trim()
  const points = [...clean]
  return points.length <= max
    ? clean
    : `${points
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`
}

/** `1 lock`, `3 locks`. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`
