/** The FileSystem port over synchronous calls to a real folder in memory: nothing of the files stands in the heap, and no call outlasts its turn. */
import * as fs from 'node:fs'
import { err, ok, type Result } from '../../../../shared/result.ts'
import type { FileInfo, FileSystem, FsError, FsResult, OpenFile } from '../../../core/ports.ts'

function attempt<T>(op: string, path: string, task: () => T): FsResult<T> {
  let done: Result<T, FsError>
  try {
    done = ok(task())
  } catch (error) {
    done = err({ code: (error as NodeJS.ErrnoException).code ?? 'UNKNOWN', path, op })
  }
  return Promise.resolve(done)
}

const toInfo = (s: fs.Stats): FileInfo => ({
  kind: s.isFile() ? 'file' : s.isDirectory() ? 'directory' : 'other',
  size: s.size,
  mtimeMs: s.mtimeMs,
  identity: `${s.dev}:${s.ino}`,
  links: s.nlink,
})

export interface DayDisk extends FileSystem {
  /** Descriptors that are open now. */
  openFiles(): number
}

export function createDayDisk(): DayDisk {
  let openCount = 0
  const open = (path: string, flags: string): FsResult<OpenFile> =>
    attempt('open', path, () => {
      const fd = fs.openSync(path, flags, 0o600)
      openCount++
      return {
        readAt: (offset, length) =>
          attempt('read', path, () => {
            const bytes = Buffer.allocUnsafeSlow(length)
            return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset))
          }),
        append: (bytes) =>
          attempt('write', path, () => {
            fs.writeSync(fd, bytes)
            return null
          }),
        sync: () => Promise.resolve(ok(null)),
        close: () => {
          openCount--
          fs.closeSync(fd)
          return Promise.resolve()
        },
      }
    })
  const plain = (op: string, path: string, task: () => unknown): FsResult<null> =>
    attempt(op, path, () => {
      task()
      return null
    })
  return {
    separator: '/',
    info(p) {
      const there = fs.statSync(p, { throwIfNoEntry: false })
      return Promise.resolve(there ? ok(toInfo(there)) : err({ code: 'ENOENT', path: p, op: 'stat' }))
    },
    linkInfo: (p) => attempt('linkInfo', p, () => toInfo(fs.lstatSync(p))),
    list: (p) => attempt('list', p, () => fs.readdirSync(p)),
    makeDir: (p) => plain('mkdir', p, () => fs.mkdirSync(p, { recursive: true })),
    rename: (a, b) => plain('rename', a, () => fs.renameSync(a, b)),
    link: (a, b) => plain('link', a, () => fs.linkSync(a, b)),
    unlink: (p) => plain('unlink', p, () => fs.unlinkSync(p)),
    openRead: (p) => open(p, 'r'),
    openAppend: (p) => open(p, 'a+'),
    syncDir: () => Promise.resolve(ok(null)),
    readFile: (p) => attempt('readFile', p, () => new Uint8Array(fs.readFileSync(p))),
    writeFile: (p, bytes) => plain('writeFile', p, () => fs.writeFileSync(p, bytes)),
    realPath: (p) => attempt('realPath', p, () => fs.realpathSync(p)),
    hasForeignReader: () => Promise.resolve(false),
    openFiles: () => openCount,
  }
}
