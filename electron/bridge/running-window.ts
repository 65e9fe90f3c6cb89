/** The window that this user's Coord Tray serves to a browser: a second start finds it instead of serving another. */
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { KeptAddress } from './loopback.ts'
import { isProof } from './window-proof.ts'

const ANSWERS_MS = 2000
const note = z.object({
  url: z.string().regex(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+$/),
  pid: z.number(),
})
const opened = z.object({ url: z.string() })

export interface RunningWindow {
  readonly pid: number
  readonly url: string
  /** Opens the window once (see open-codes.ts). */
  readonly openOnce: string
}

const fileIn = (home: string): string => join(home, 'browser-window.json')

/**
 * Notes where the window is, for this user's eyes only. The note stays when the program ends: the next start serves the window
 * there again, and pages that are open find it. Where it cannot be kept, no second start finds it.
 */
export function rememberRunning(home: string, url: string): void {
  const file = fileIn(home)
  try {
    rmSync(file, { force: true })
    writeFileSync(file, JSON.stringify({ url, pid: process.pid }), { mode: 0o600, flag: 'wx' })
  } catch {
    // the start itself says what is wrong with the folder
  }
}

const partsOf = (url: string): KeptAddress & { readonly origin: string } => {
  const { origin, hash, port } = new URL(url)
  return { origin, port: Number(port), token: hash.slice('#token='.length) }
}

const read = (home: string): z.output<typeof note> =>
  note.parse(JSON.parse(readFileSync(fileIn(home), 'utf8')))

/** Where the window of an earlier start was; undefined where none is known, or where others could read the key. */
export function keptAddress(home: string): KeptAddress | undefined {
  try {
    const isOpen = process.platform !== 'win32' && (statSync(fileIn(home)).mode & 0o077) !== 0
    if (isOpen) return undefined
    const { port, token } = partsOf(read(home).url)
    return token.length >= 40 && port > 0 ? { port, token } : undefined
  } catch {
    return undefined
  }
}

/** The noted window, if a program that knows its key answers there; null otherwise. Nobody else is given the key. */
export async function findRunning(home: string): Promise<RunningWindow | null> {
  try {
    const { url, pid } = read(home)
    const { origin, token } = partsOf(url)
    const nonce = randomBytes(16).toString('hex')
    const proven = await fetch(`${origin}/proof/${nonce}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWERS_MS),
    })
    if (!proven.ok || !isProof(token, nonce, await proven.text())) return null
    const answer = await fetch(`${origin}/open`, {
      method: 'POST',
      headers: { 'x-coord-token': token },
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWERS_MS),
    })
    if (!answer.ok) return null
    const { url: openOnce } = opened.parse(await answer.json())
    return openOnce.startsWith(`${origin}/open/`) ? { pid, url, openOnce } : null
  } catch {
    return null
  }
}
