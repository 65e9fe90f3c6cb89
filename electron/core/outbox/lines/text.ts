/** UTF-8 and UTF-16 to and from text, strict, without Node or DOM types: the runtime's own coders, seen through one small door. */

interface Decoder {
  decode(bytes: Uint8Array): string
}
interface Coders {
  readonly TextDecoder: new (label: string, options: { fatal: boolean; ignoreBOM: boolean }) => Decoder
  readonly TextEncoder: new () => { encode(text: string): Uint8Array }
}
const coders = globalThis as unknown as Coders
const strict = new coders.TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const little = new coders.TextDecoder('utf-16le', { fatal: true, ignoreBOM: true })
const encoder = new coders.TextEncoder()

/** Text of UTF-8 bytes, or undefined where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

/** Text of UTF-16 bytes of either order, or undefined where they are not UTF-16. */
export function decodeUtf16(bytes: Uint8Array, isBigEndian: boolean): string | undefined {
  const even = bytes.length - (bytes.length % 2)
  let source = bytes.subarray(0, even)
  if (isBigEndian) {
    source = source.slice()
    for (let i = 0; i < even; i += 2) {
      const a = source[i] ?? 0
      source[i] = source[i + 1] ?? 0
      source[i + 1] = a
    }
  }
  try {
    return little.decode(source)
  } catch {
    return undefined
  }
}

/** At most so many characters, as a text of its own: a slice would keep the whole text in memory. */
export const cutCopy = (text: string, length: number): string =>
  text.length <= length ? text : Array.from({ length }, (_, i) => text.charAt(i)).join('')

export const encodeUtf8 = (text: string): Uint8Array => encoder.encode(text)

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

export function toBase64(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i] ?? 0
    const b = bytes[i + 1]
    const c = bytes[i + 2]
    out += ALPHABET.charAt(a >> 2) + ALPHABET.charAt(((a & 3) << 4) | ((b ?? 0) >> 4))
    out += b === undefined ? '=' : ALPHABET.charAt(((b & 15) << 2) | ((c ?? 0) >> 6))
    out += c === undefined ? '=' : ALPHABET.charAt(c & 63)
  }
  return out
}

/** 32-bit FNV-1a of text; for look-ups that are confirmed by comparing the real thing. */
export function hash32(text: string): string {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i)
    h = Math.imul(h, 0x01000193)
  }
  return (h >>> 0).toString(16).padStart(8, '0')
}
