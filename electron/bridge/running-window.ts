/** The window that this user's Coord Tray serves to a browser: a second start finds it instead of serving another. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

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

/** Notes where the window is, for this user's eyes only; the result takes the note back. Where it cannot be kept, no second start finds it. */
export function rememberRunning(home: string, url: string): () => void {
  const file = fileIn(home)
  const text = JSON.stringify({ url, pid: process.pid })
  try {
    rmSync(file, { force: true })
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  } catch {
    // the start itself says what is wrong with the folder
  }
  return () => {
    try {
      if (readFileSync(file, 'utf8') === text) rmSync(file)
    } catch {
      // gone, or another one's by now
    }
  }
}

/** The noted window, if it still answers to its key; null otherwise. The key of a program that is gone opens nothing. */
export async function findRunning(home: string): Promise<RunningWindow | null> {
  try {
    const { url, pid } = note.parse(JSON.parse(readFileSync(fileIn(home), 'utf8')))
    const { origin, hash } = new URL(url)
    const answer = await fetch(`${origin}/open`, {
      method: 'POST',
      headers: { 'x-coord-token': hash.slice('#token='.length) },
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
