/**
 * The key of a `COORD_HOME`, and what is proved with it: that a server or an owner on this machine is the same user's.
 * The key itself never leaves the process; everybody on the machine can read what is sent, and take a port.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from './make-folder.ts'

/** At least as many characters of hex as the key has that `readHomeKey` makes. */
const WHOLE_KEY = /^[0-9a-f]{64,}$/i

/** The key in `COORD_HOME/secret`, made on first use, mode 0600, whole or not at all. Throws the platform's error. */
export function readHomeKey(home: string): string {
  const file = join(home, 'secret')
  const known = readKey(file)
  if (known !== undefined) return known
  makeFolder(home, 0o700)
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, randomBytes(32).toString('hex') + '\n', { mode: 0o600, flag: 'wx' })
  try {
    place(draft, file)
  } finally {
    try {
      unlinkSync(draft)
    } catch {
      // Renamed into place.
    }
  }
  const key = readKey(file)
  if (key === undefined) throw new Error(`${file} holds no key`)
  return key
}

/** Never over another process's key; over what is none (an older build's that died while it wrote) always. */
function place(draft: string, file: string): void {
  try {
    linkSync(draft, file)
  } catch {
    // Another process was first, the file holds no key, or this file system has no links.
    if (readKey(file) === undefined) renameSync(draft, file)
  }
}

/** Undefined where there is none, or what lies there is cut short or empty. */
function readKey(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return WHOLE_KEY.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

const hmac = (key: string, parts: readonly string[]): string =>
  createHmac('sha256', Buffer.from(key, 'hex')).update(JSON.stringify(parts)).digest('hex')

/**
 * What a server of this user answers to a challenge. `baseUrl` is the address that it listens on itself, never one that a
 * caller names: a program that holds another port cannot have its challenge answered by the true server.
 */
export const serverProof = (key: string, nonce: string, baseUrl: string): string =>
  hmac(key, ['coord server', nonce, baseUrl])

/** What one side of the owner's socket answers to the nonces of both, for this folder. */
export const ownerProof = (
  key: string,
  side: 'owner' | 'asker',
  nonces: { readonly asker: string; readonly owner: string },
  about: string,
): string => hmac(key, ['coord owner', side, nonces.asker, nonces.owner, about])

export const newNonce = (): string => randomBytes(16).toString('hex')

/** Compares in a time that tells nothing. */
export function isSameProof(given: unknown, expected: string): boolean {
  if (typeof given !== 'string') return false
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
