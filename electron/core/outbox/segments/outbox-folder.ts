/** Names and places: a workspace's queue file, the outbox folder beside it, and what may stand in that folder. */
import { isAbsence } from '../../../../shared/data-folder.ts'
import { ok } from '../../../../shared/result.ts'
import type { FileSystem, FsResult } from '../../ports.ts'
import { encodeUtf8 } from '../lines/text.ts'
import { SEGMENT_NAME } from './segment.ts'

const QUEUE_NAME = 'coord-queue.jsonl'
const RESERVE_BYTES = 64 * 1024
const SEGMENT_FILE = new RegExp(`^(${SEGMENT_NAME})\\.seg$`)
const LEDGER_FILE = new RegExp(`^(${SEGMENT_NAME})\\.led$`)
/** What a `writeFile` that was cut off leaves behind. */
const LEFT_OVER = new RegExp(
  `^(?:${SEGMENT_NAME}\\.(?:seg|led)|\\.gitignore|reserve\\.bin)\\.[0-9a-z]+\\.tmp$`,
)
const GUARD = 'guard-'

export const segmentOfFile = (file: string): string | undefined => SEGMENT_FILE.exec(file)?.[1]
export const ledgerOfFile = (file: string): string | undefined => LEDGER_FILE.exec(file)?.[1]
export const isLeftOver = (file: string): boolean => LEFT_OVER.test(file)
export const isGuard = (file: string): boolean => file.startsWith(GUARD)

export class OutboxFolder {
  private readonly fs: FileSystem
  private readonly workspace: string
  private parentPath: string
  private isPrepared = false

  constructor(fs: FileSystem, workspace: string) {
    this.fs = fs
    this.workspace = workspace
    this.parentPath = this.named()
  }

  private named(): string {
    return `${this.workspace}${this.fs.separator}.claude`
  }
  /** The workspace's `.claude`, links resolved as of the last `resolve`. */
  get parent(): string {
    return this.parentPath
  }
  get dir(): string {
    return `${this.parentPath}${this.fs.separator}.coord-outbox`
  }
  get queuePath(): string {
    return `${this.parentPath}${this.fs.separator}${QUEUE_NAME}`
  }
  pathOf(file: string): string {
    return `${this.dir}${this.fs.separator}${file}`
  }
  /** The guard's name of a file. */
  guardPath(identity: string): string {
    return this.pathOf(`${GUARD}${identity.replace(/[^0-9]/g, '-')}`)
  }

  /** Whether a file has a guard, which is a second name of our own. */
  async hasGuard(identity: string): Promise<boolean> {
    return (await this.fs.info(this.guardPath(identity))).ok
  }

  /** Looks where `.claude` is now: it may come to be, or be a link that is pointed elsewhere. */
  async resolve(): Promise<void> {
    const real = await this.fs.realPath(this.named())
    const next = real.ok ? real.value : this.named()
    if (next !== this.parentPath) this.isPrepared = false
    this.parentPath = next
  }

  /** The files in the folder; none where there is no folder. */
  async list(): FsResult<readonly string[]> {
    const names = await this.fs.list(this.dir)
    if (names.ok || !isAbsence(names.error.code)) return names
    this.isPrepared = false
    return ok([])
  }

  /** Another one where a file was made, renamed or removed in the folder since; empty where there is no folder. */
  async stamp(): Promise<string> {
    const info = await this.fs.info(this.dir)
    return info.ok ? `${info.value.identity} ${info.value.mtimeMs}` : ''
  }

  /** Makes the folder and what belongs in it. */
  async prepare(): FsResult<null> {
    if (this.isPrepared) return ok(null)
    const made = await this.fs.makeDir(this.dir)
    if (!made.ok) return made
    // keeps what stands here out of git
    const ignore = this.pathOf('.gitignore')
    if (!(await this.fs.info(ignore)).ok) {
      const written = await this.fs.writeFile(ignore, encodeUtf8('*\n'))
      if (!written.ok) return written
    }
    const reserve = this.pathOf('reserve.bin')
    // real bytes, no hole: it must hold its place on a disk that fills up. Failing to make it is no fault.
    if (!(await this.fs.info(reserve)).ok) await this.fs.writeFile(reserve, new Uint8Array(RESERVE_BYTES))
    this.isPrepared = true
    return ok(null)
  }
  /** The folder may have been removed: it is looked at, and made, before it is used again. */
  forget(): void {
    this.isPrepared = false
  }

  /** Gives the reserve up on a full disk, so that the answers in hand can be recorded; true where that freed something. */
  async freeReserve(): Promise<boolean> {
    this.isPrepared = false
    return (await this.fs.unlink(this.pathOf('reserve.bin'))).ok
  }
}
