/** `lease.json` with an epoch: who owns a folder that kernels share. Made whole or not at all; a renewal changes its time in place. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { isAbsence } from '../../../shared/data-folder.ts'
import { readJson } from '../../../shared/json.ts'
import type { FsError } from '../../core/ports.ts'
import { kernelId, readText } from './socket-name.ts'

const STALE_MS = 60_000

const leaseSchema = z.object({
  epoch: z.number(),
  instance: z.string(),
  kernel: z.string(),
  host: z.string(),
  pid: z.number(),
  at: z.string(),
})
type Lease = z.output<typeof leaseSchema>

export const leaseFileOf = (dir: string): string => join(dir, 'lease.json')

/** The leases of one process, by folder. */
export class Leases {
  readonly #instance = randomBytes(8).toString('hex')
  readonly #kernel = kernelId()
  readonly #monotonic: () => number
  /** Foreign leases as first observed, by our own clock: never compare another kernel's clock with ours. */
  readonly #observed = new Map<string, { readonly text: string; readonly since: number }>()
  /** Our own lease as it was last read, and where it stands. */
  readonly #own = new Map<string, { readonly file: string; readonly text: string }>()
  /** Why a lease could not be written. */
  readonly #faults = new Map<string, FsError>()

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** Another kernel's lease that is not stale by our own clock: who holds it. Else the epoch that is ours to take. */
  claim(
    dir: string,
  ): { readonly kind: 'foreign'; readonly who: string } | { readonly kind: 'free'; readonly epoch: number } {
    const current = this.#read(dir)
    if (current && current.kernel !== this.#kernel) {
      const text = JSON.stringify(current)
      const before = this.#observed.get(dir)
      if (before?.text !== text) this.#observed.set(dir, { text, since: this.#monotonic() })
      if (before?.text !== text || this.#monotonic() - before.since < STALE_MS)
        return { kind: 'foreign', who: current.host }
    }
    return { kind: 'free', epoch: (current?.epoch ?? 0) + 1 }
  }

  /** Two kernels may have taken the same epoch at the same time: the one that wrote last has it. */
  renew(dir: string, epoch: number): void {
    if (this.#touch(leaseFileOf(dir), epoch)) return
    const found = this.#read(dir)
    if (!found || this.#isOurs(found, epoch)) this.write(dir, epoch)
  }

  /**
   * Nothing but digits of the time differ, so that any mixture of both is a lease of ours: no sync, no other file, and the
   * folder's time stamp stays. A foreign lease that is put in place meanwhile is another file.
   */
  #touch(file: string, epoch: number): boolean {
    let fd: number | undefined
    try {
      fd = openSync(file, 'r+')
      const text = readFileSync(fd, 'utf8')
      const next = JSON.stringify(this.#lease(epoch))
      const found = leaseSchema.safeParse(readJson(text))
      if (!found.success || !this.#isOurs(found.data, epoch) || next.length !== text.length) return false
      writeSync(fd, next, 0)
      return true
    } catch {
      return false
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }

  /** Read before every send (a folder may be shared with another kernel), parsed only where it differs from last time. */
  isHeld(dir: string, epoch: number): boolean {
    const own = this.#own.get(dir)
    const file = own?.file ?? leaseFileOf(dir)
    const text = readText(file)
    if (text !== undefined && text === own?.text) return true
    const current = this.#read(dir)
    if (current === undefined) return this.write(dir, epoch)
    const isOurs = this.#isOurs(current, epoch)
    if (isOurs && text !== undefined) this.#own.set(dir, { file, text })
    return isOurs
  }

  release(dir: string, epoch: number): void {
    const current = this.#read(dir)
    if (!current || !this.#isOurs(current, epoch)) return
    try {
      rmSync(leaseFileOf(dir), { force: true })
    } catch {
      // read-only by now: it goes stale by itself
    }
  }

  /** Why it cannot be written; a folder that is gone is no fault: it may come back. */
  fault(dir: string): FsError | undefined {
    const fault = this.#faults.get(dir)
    return isAbsence(fault?.code) ? undefined : fault
  }

  write(dir: string, epoch: number): boolean {
    const file = leaseFileOf(dir)
    try {
      this.#replace(file, JSON.stringify(this.#lease(epoch)))
      this.#faults.delete(dir)
      return true
    } catch (error) {
      const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
      this.#faults.set(dir, { code: code ?? 'UNKNOWN', path: file, op: 'writing the lease' })
      return false
    }
  }

  #lease(epoch: number): Lease {
    const at = new Date().toISOString()
    return { epoch, instance: this.#instance, kernel: this.#kernel, host: hostname(), pid: process.pid, at }
  }

  #isOurs(lease: Lease, epoch: number): boolean {
    return lease.epoch === epoch && lease.instance === this.#instance
  }

  #read(dir: string): Lease | undefined {
    const parsed = leaseSchema.safeParse(readJson(readText(leaseFileOf(dir)) ?? ''))
    return parsed.success ? parsed.data : undefined
  }

  #replace(file: string, text: string): void {
    const temp = `${file}.${this.#instance}.tmp`
    const fd = openSync(temp, 'w', 0o600)
    try {
      writeFileSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    try {
      renameSync(temp, file)
    } catch (error) {
      rmSync(temp, { force: true })
      throw error
    }
  }
}
