/** An outbox over a real folder and the real owner, with a clock that the test holds and an API in memory. */
import { createConnection, type GatedConnection } from '../../core/coord/connection.ts'
import { createOutbox } from '../../core/outbox/outbox.ts'
import type { Outbox, OutboxEvent } from '../../core/outbox/contract.ts'
import type { OwnerPort } from '../../core/outbox/owner-port.ts'
import { FakeApi } from '../../testing/machine/api.ts'
import { SimulatedClock, turn } from '../../testing/machine/clock.ts'
import type { FileSystem, FsResult, Http, HttpCall, HttpOutcome, OpenFile, Random } from '../../core/ports.ts'
import { createFileSystem } from '../file-system.ts'
import { createOwner } from '../ownership/owner.ts'
import { askApi, silentLog, toOutcome } from '../../testing/machine/parts.ts'
import { systemKeys, systemRandom } from '../system.ts'
import { noWatcher } from '../watcher.ts'
import type { Place } from './place.ts'

/** File calls under way: held time stands still until they are done. */
let underWay = 0
const counted = <A extends unknown[], R>(task: (...args: A) => Promise<R>): ((...args: A) => Promise<R>) => {
  return async (...args) => {
    underWay++
    try {
      return await task(...args)
    } finally {
      underWay--
    }
  }
}
const countedFile = (file: OpenFile): OpenFile => ({
  readAt: counted((o, l) => file.readAt(o, l)),
  append: counted((b) => file.append(b)),
  sync: counted(() => file.sync()),
  close: counted(() => file.close()),
})
function countedFs(fs: FileSystem): FileSystem {
  const open = (task: (path: string) => FsResult<OpenFile>): ((path: string) => FsResult<OpenFile>) =>
    counted(async (path) => {
      const opened = await task(path)
      return opened.ok ? { ok: true, value: countedFile(opened.value) } : opened
    })
  return {
    separator: fs.separator,
    info: counted((path: string) => fs.info(path)),
    linkInfo: counted((path: string) => fs.linkInfo(path)),
    list: counted((path: string) => fs.list(path)),
    makeDir: counted((path: string) => fs.makeDir(path)),
    rename: counted((from: string, to: string) => fs.rename(from, to)),
    link: counted((from: string, to: string) => fs.link(from, to)),
    unlink: counted((path: string) => fs.unlink(path)),
    openRead: open((path) => fs.openRead(path)),
    openAppend: open((path) => fs.openAppend(path)),
    syncDir: counted((path: string) => fs.syncDir(path)),
    readFile: counted((path: string) => fs.readFile(path)),
    writeFile: counted((path: string, bytes: Uint8Array) => fs.writeFile(path, bytes)),
    realPath: counted((path: string) => fs.realPath(path)),
    hasForeignReader: counted((path: string) => fs.hasForeignReader(path)),
  }
}

/** Until no file call is under way for a few turns of the loop. */
async function settle(): Promise<void> {
  for (let idle = 0; idle < 6; idle = underWay === 0 ? idle + 1 : 0) await turn()
}

export interface Stage {
  readonly clock: SimulatedClock
  readonly api: FakeApi
  readonly box: Outbox
  readonly connection: GatedConnection
  readonly events: OutboxEvent[]
  /** Every request: method, path and when on the monotonic clock. */
  readonly asked: { readonly what: string; readonly at: number }[]
  /** Undefined: the API answers. */
  answer: (call: HttpCall) => HttpOutcome | Promise<HttpOutcome> | undefined
  /** What the API in memory says, as an answer. */
  truth(call: HttpCall): HttpOutcome
  close(): Promise<void>
}

export interface StageOptions {
  readonly clock?: SimulatedClock
  readonly api?: FakeApi
  readonly random?: Random
  readonly owner?: OwnerPort
  readonly fs?: Partial<FileSystem>
  /** Other project folders. */
  readonly neighbours?: readonly string[]
}

export function stage(at: Place, options: StageOptions = {}): Stage {
  const clock = options.clock ?? new SimulatedClock({ start: Date.now(), monotonicStart: 1_000, settle })
  const api = options.api ?? new FakeApi(() => clock.now())
  const asked: Stage['asked'] = []
  const truth = (call: HttpCall): HttpOutcome => toOutcome(askApi(api, call), clock.now())
  const http: Http = {
    baseUrl: 'http://staged',
    close: () => Promise.resolve(),
    async request(call) {
      asked.push({ what: `${call.method} ${call.path}`, at: clock.monotonic() })
      return (await staged.answer(call)) ?? truth(call)
    },
  }
  const random = options.random ?? systemRandom
  const connection = createConnection({ http, clock, random, log: silentLog })
  const events: OutboxEvent[] = []
  const box = createOutbox({
    workspace: at.workspace,
    name: 'project',
    fs: countedFs({ ...createFileSystem(), ...options.fs }),
    clock,
    random,
    keys: systemKeys,
    log: silentLog,
    connection,
    owner: options.owner ?? createOwner({ home: at.home, baseUrl: http.baseUrl }),
    watch: noWatcher,
    neighbours: () => options.neighbours ?? [],
    emit: (event) => void events.push(event),
  })
  const staged: Stage = {
    clock,
    api,
    box,
    connection,
    events,
    asked,
    answer: () => undefined,
    truth,
    async close() {
      connection.stop()
      await clock.drive(box.stop())
    },
  }
  return staged
}
