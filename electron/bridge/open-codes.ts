/**
 * One-time codes that open the window: an address handed to a browser stands in a process's arguments, which every user
 * of the machine may read, so it carries no key. A code works once, for a minute, and, where the system tells whose
 * connection it is (Linux), for this user alone.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

const LIVES_MS = 60_000

export interface OpenCodes {
  create(): string
  /** Whether this code opens now; it does not again. */
  take(code: string): boolean
}

export function createOpenCodes(now: () => number = () => performance.now()): OpenCodes {
  const until = new Map<string, number>()
  return {
    create() {
      for (const [code, end] of until) if (end < now()) until.delete(code)
      const code = randomBytes(24).toString('base64url')
      until.set(code, now() + LIVES_MS)
      return code
    },
    take(code) {
      const end = until.get(code)
      until.delete(code)
      return end !== undefined && end >= now()
    },
  }
}

/**
 * The user id of the process at the other end of an IPv4 loopback connection, from the kernel's table; undefined where
 * there is none to read (not Linux) or the connection is gone.
 */
export function uidOfPeer(peerPort: number, ourPort: number, table = '/proc/net/tcp'): number | undefined {
  const hex = (port: number): string => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  try {
    for (const line of readFileSync(table, 'latin1').split('\n')) {
      const [, local, remote, , , , , uid] = line.trim().split(/\s+/)
      if (local === hex(peerPort) && remote === hex(ourPort)) return Number(uid)
    }
  } catch {
    // no such table
  }
  return undefined
}
