/** An outbox over a real folder, with a clock, an API and a disk that the test holds in its hands. */
import { createConnection, type GatedConnection } from '../../core/coord/connection.ts'
import { createOutbox } from '../../core/outbox/outbox.ts'
import type { Outbox } from '../../core/outbox/contract.ts'
import type { FakeApi } from '../../testing/machine/api.ts'
import { err, type Result } from '../../../shared/result.ts'
import { createHurriedClock } from '../../testing/machine/clock.ts'
import type { FileSystem, FsError, Http, HttpCall, HttpOutcome, OpenFile } from '../../core/ports.ts'
import { createFileSystem } from '../file-system.ts'
import { askApi, createSoleOwner, silentLog, toOutcome } from '../../testing/machine/parts.ts'
import { systemKeys, systemRandom } from '../system.ts'
import { noWatcher } from '../watcher.ts'

/** What happens at one call to the world. `torn`: half of the bytes reach the file, then the process dies. */
export type Fate =
  | 'ok'
  | 'die-before'
  | 'die-after'
  | 'torn'
  | { readonly code: string }
  | { readonly http: HttpOutcome['kind']; readonly isApplied: boolean }

export interface World {
  readonly api: FakeApi
  /** Names of the calls made so far, in order. */
  readonly calls: string[]
  fate: (n: number, op: string) => Fate
  /** Settles when the process has "died". */
  readonly died: Promise<void>
  clockMs: number
  readonly box: Outbox
  readonly connection: GatedConnection
  /** Called for each HTTP call; undefined: the FakeApi answers. */
  answer: (call: HttpCall) => HttpOutcome | undefined
}

const NEVER = new Promise<never>(() => undefined)

/** A "process": one outbox over `workspace`. The API outlives it and is handed in. */
export function world(workspace: string, api: FakeApi, clockMs = 0): World {
  let die: () => void = () => undefined
  let isDead = false
  /** A process that dies lets go of its descriptors. */
  const openFiles = new Set<OpenFile>()
  const died = new Promise<void>((resolve) => {
    die = () => {
      isDead = true
      for (const file of openFiles) void file.close()
      resolve()
    }
  })
  const real = createFileSystem()
  let offset = clockMs
  const clock = createHurriedClock(() => offset)
  async function guard<T>(
    op: string,
    path: string,
    task: () => Promise<Result<T, FsError>>,
    torn?: () => Promise<unknown>,
  ): Promise<Result<T, FsError>> {
    if (isDead) return NEVER
    const n = w.calls.push(`${op} ${path.slice(path.lastIndexOf('/') + 1)}`)
    const fate = w.fate(n, op)
    if (fate === 'die-before') {
      die()
      return NEVER
    }
    if (fate === 'torn') {
      await torn?.()
      die()
      return NEVER
    }
    if (typeof fate === 'object' && 'code' in fate) return err({ code: fate.code, path, op })
    const done = await task()
    if (fate === 'die-after') {
      die()
      return NEVER
    }
    return isDead ? NEVER : done
  }
  const wrapFile = (path: string, file: OpenFile): OpenFile => ({
    readAt: (o, l) => guard('read', path, () => file.readAt(o, l)),
    append: (bytes) =>
      guard(
        'append',
        path,
        () => file.append(bytes),
        () => file.append(bytes.subarray(0, bytes.length >> 1)),
      ),
    sync: () => guard('sync', path, () => file.sync()),
    close: () => {
      openFiles.delete(file)
      return file.close()
    },
  })
  const open = (
    op: string,
    path: string,
    task: () => Promise<Result<OpenFile, FsError>>,
  ): Promise<Result<OpenFile, FsError>> =>
    guard(op, path, async () => {
      const opened = await task()
      if (!opened.ok) return opened
      openFiles.add(opened.value)
      return { ok: true, value: wrapFile(path, opened.value) }
    })
  const fs: FileSystem = {
    separator: '/',
    info: (p) => guard('stat', p, () => real.info(p)),
    linkInfo: (p) => guard('lstat', p, () => real.linkInfo(p)),
    list: (p) => guard('list', p, () => real.list(p)),
    makeDir: (p) => guard('mkdir', p, () => real.makeDir(p)),
    rename: (a, b) => guard('rename', a, () => real.rename(a, b)),
    link: (a, b) => guard('link', a, () => real.link(a, b)),
    unlink: (p) => guard('unlink', p, () => real.unlink(p)),
    openRead: (p) => open('openRead', p, () => real.openRead(p)),
    openAppend: (p) => open('openAppend', p, () => real.openAppend(p)),
    syncDir: (p) => guard('syncDir', p, () => real.syncDir(p)),
    readFile: (p) => guard('readFile', p, () => real.readFile(p)),
    writeFile: (p, b) => guard('writeFile', p, () => real.writeFile(p, b)),
    realPath: (p) => guard('realPath', p, () => real.realPath(p)),
    hasForeignReader: () => Promise.resolve(false),
  }
  const http: Http = {
    baseUrl: 'http://fake',
    close: () => Promise.resolve(),
    async request(call) {
      if (isDead) return NEVER
      const n = w.calls.push(`http ${call.method}`)
      const fate = w.fate(n, 'http')
      if (fate === 'die-before' || fate === 'torn') {
        die()
        return NEVER
      }
      const apply = (): HttpOutcome => {
        return w.answer(call) ?? toOutcome(askApi(api, call), clock.now())
      }
      if (typeof fate === 'object') {
        if ('http' in fate && fate.isApplied) apply()
        return {
          kind: 'http' in fate && fate.http === 'in-doubt' ? 'in-doubt' : 'unreachable',
          detail: 'test',
        }
      }
      const outcome = apply()
      if (fate === 'die-after') {
        die()
        return NEVER
      }
      return outcome
    },
  }
  const owner = createSoleOwner(() => !isDead)
  const connection = createConnection({ http, clock, random: systemRandom, log: silentLog })
  const box = createOutbox({
    workspace,
    name: 'w',
    fs,
    clock,
    random: systemRandom,
    keys: systemKeys,
    log: silentLog,
    connection,
    owner,
    watch: noWatcher,
    emit: () => undefined,
  })
  const w: World = {
    api,
    calls: [],
    fate: () => 'ok',
    died,
    get clockMs() {
      return offset
    },
    set clockMs(ms) {
      offset = ms
    },
    box,
    connection,
    answer: () => undefined,
  }
  return w
}
