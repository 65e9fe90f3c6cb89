/** The FileSystem port over Node. Every failure is a value with the platform's code. */
import { randomBytes } from 'node:crypto'
import { constants, realpathSync, statSync, writeSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, sep } from 'node:path'
import { err, ok } from '../../shared/result.ts'
import type { FileInfo, FileSystem, FsError, FsResult, OpenFile } from '../core/ports.ts'
import { hasForeignReader } from './foreign-reader.ts'
import { makeFolder } from './make-folder.ts'

function failed(op: string, path: string, error: unknown): { readonly ok: false; readonly error: FsError } {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return err({ code: code ?? 'UNKNOWN', path, op })
}
async function attempt<T>(op: string, path: string, task: () => Promise<T>): FsResult<T> {
  try {
    return ok(await task())
  } catch (error) {
    return failed(op, path, error)
  }
}
/** Made once: an append and a sync a call is what strict order costs. */
const asDone = (): { readonly ok: true; readonly value: null } => NOTHING
const NOTHING = ok(null)
const DONE = Promise.resolve(NOTHING)

interface StatLike {
  isFile(): boolean
  isDirectory(): boolean
  readonly size: bigint
  readonly mtimeMs: bigint
  readonly mtimeNs: bigint
  readonly dev: bigint
  readonly ino: bigint
  readonly nlink: bigint
}
const toInfo = (s: StatLike): FileInfo => ({
  kind: s.isFile() ? 'file' : s.isDirectory() ? 'directory' : 'other',
  size: Number(s.size),
  mtimeMs: Number(s.mtimeNs / 1000n) / 1000,
  identity: `${s.dev}:${s.ino}`,
  links: Number(s.nlink),
})

async function open(path: string, flags: number): FsResult<OpenFile> {
  const opened = await attempt('open', path, () => fs.open(path, flags, 0o600))
  if (!opened.ok) return opened
  const handle = opened.value
  return ok({
    readAt: (offset, length) =>
      attempt('read', path, async () => {
        const buffer = Buffer.allocUnsafe(length)
        let done = 0
        while (done < length) {
          const { bytesRead } = await handle.read(buffer, done, length - done, offset + done)
          if (bytesRead === 0) break
          done += bytesRead
        }
        return buffer.subarray(0, done)
      }),
    append(bytes) {
      let done = 0
      try {
        // A few hundred bytes into the page cache, microseconds: a trip through the thread pool would cost more than the
        // write. A short write (quota, full disk) is carried on until it is whole or fails.
        while (done < bytes.length) done += writeSync(handle.fd, bytes, done, bytes.length - done, null)
        return DONE
      } catch (error) {
        return Promise.resolve(failed('write', path, error))
      }
    },
    sync: () => handle.datasync().then(asDone, (error: unknown) => failed('fdatasync', path, error)),
    close: () => handle.close().catch(() => undefined),
  })
}

/** Longer than this is no local disk. */
const SLOW_MS = 20
const SLOW_FOR_MS = 60_000

/** The two ways of a question to the disk. */
interface Ways<T> {
  readonly inPlace: () => T
  readonly pooled: () => Promise<T>
}

/**
 * A question about a local file takes microseconds, and its trip through the thread pool wakes two threads: with a look at each
 * queue file each second that was most of what this app did at rest. A folder whose disk was slow (a network share) goes
 * through the pool for a minute, so that no such disk holds the process up twice.
 */
function createAsk(now: () => number): <T>(dir: string, ways: Ways<T>) => Promise<T> {
  const slowUntil = new Map<string, number>()
  return async (dir, { inPlace, pooled }) => {
    const begin = now()
    if ((slowUntil.get(dir) ?? 0) > begin) return pooled()
    try {
      return inPlace()
    } finally {
      if (now() - begin > SLOW_MS) slowUntil.set(dir, now() + SLOW_FOR_MS)
      else slowUntil.delete(dir)
    }
  }
}

const IN_PLACE = {
  stat: (path: string): StatLike => statSync(path, { bigint: true }),
  realPath: (path: string): string => realpathSync.native(path),
}

/** What is asked again and again. `inPlace` and `now` are a test's to hold. */
export function createLooks(
  inPlace: typeof IN_PLACE = IN_PLACE,
  now = (): number => performance.now(),
): Pick<FileSystem, 'info' | 'realPath'> {
  const ask = createAsk(now)
  return {
    info: (path) =>
      attempt('stat', path, () =>
        ask<StatLike>(dirname(path), {
          inPlace: () => inPlace.stat(path),
          pooled: () => fs.stat(path, { bigint: true }),
        }).then(toInfo),
      ),
    realPath: (path) =>
      attempt('realpath', path, () =>
        ask(dirname(path), { inPlace: () => inPlace.realPath(path), pooled: () => fs.realpath(path) }),
      ),
  }
}

/** What is added to is a file of our own, never a link to another's. Windows has no such flag. */
const NO_FOLLOW = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW

export function createFileSystem(): FileSystem {
  const syncDir = (dir: string): FsResult<null> =>
    process.platform === 'win32'
      ? Promise.resolve(ok(null)) // a folder cannot be synced through Node there (libuv opens no folder handle for it)
      : attempt('fsync-dir', dir, async () => {
          const handle = await fs.open(dir, constants.O_RDONLY)
          try {
            await handle.sync()
          } finally {
            await handle.close()
          }
          return null
        })
  return {
    separator: sep,
    ...createLooks(),
    linkInfo: (path) => attempt('lstat', path, () => fs.lstat(path, { bigint: true }).then(toInfo)),
    list: (dir) => attempt('readdir', dir, () => fs.readdir(dir)),
    makeDir: (dir) =>
      attempt('mkdir', dir, () =>
        fs.mkdir(dir, { recursive: true, mode: 0o700 }).then(
          () => null,
          // again, for the cause that it hides
          () => {
            makeFolder(dir, 0o700)
            return null
          },
        ),
      ),
    rename: (from, to) => attempt('rename', from, () => fs.rename(from, to).then(() => null)),
    link: (from, to) => attempt('link', from, () => fs.link(from, to).then(() => null)),
    unlink: (path) => attempt('unlink', path, () => fs.unlink(path).then(() => null)),
    openRead: (path) => open(path, constants.O_RDONLY),
    openAppend: (path) => open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW),
    syncDir,
    readFile: (path) => attempt('read', path, () => fs.readFile(path)),
    writeFile: (path, bytes) =>
      attempt('write', path, async () => {
        const temp = `${path}.${randomBytes(4).toString('hex')}.tmp`
        try {
          const handle = await fs.open(temp, 'wx', 0o600)
          try {
            await handle.writeFile(bytes)
            await handle.sync()
          } finally {
            await handle.close()
          }
          await fs.rename(temp, path)
        } catch (error) {
          await fs.unlink(temp).catch(() => undefined)
          throw error
        }
        const synced = await syncDir(dirname(path))
        if (!synced.ok) throw Object.assign(new Error('fsync'), { code: synced.error.code })
        return null
      }),
    hasForeignReader,
  }
}
