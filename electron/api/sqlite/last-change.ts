/**
 * Beside the database: the number of the last change that was answered for. A database that has a lower one is older than what callers
 * were told: an older copy of it was put back, or its log was taken away while nobody served it.
 */
import { closeSync, constants, openSync, readFileSync, rmSync, writeSync } from 'node:fs'

const lastOf = (file: string): string => `${file}-last`
const DIGITS = 16

/** Undefined where nobody knows. */
export function readLastChange(file: string): number | undefined {
  try {
    const text = readFileSync(lastOf(file), 'utf8')
    return /^\d{16}\n$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}

/** Over what is there, never anew: for a moment nobody would know the number. */
const OVER_WHAT_IS_THERE = constants.O_RDWR | constants.O_CREAT

/** For a database that another one takes the place of. */
export const forgetLastChange = (file: string): void => rmSync(lastOf(file), { force: true })

/** Keeps the number: a few bytes over the same few, no sync, since only what is on the disk is told to it. */
export class LastChangeFile {
  #descriptor: number | undefined
  #seq = -1

  constructor(file: string) {
    try {
      this.#descriptor = openSync(lastOf(file), OVER_WHAT_IS_THERE, 0o600)
    } catch {
      // A folder that takes no new file: what is lost there is lost without a word.
    }
  }

  /** To be called after a commit, before anybody is answered. */
  keep(seq: number): void {
    if (this.#descriptor === undefined || seq === this.#seq) return
    this.#seq = seq
    try {
      writeSync(this.#descriptor, `${String(seq).padStart(DIGITS, '0')}\n`, 0)
    } catch {
      // The disk is away or full: the database says so.
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }
}
