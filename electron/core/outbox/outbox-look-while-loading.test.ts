/** Somebody looks while an owner reads what the one before it left: each segment is read once, and each call counted once. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFileSystem } from '../../adapters/file-system.ts'
import { message, place, type Place } from '../../adapters/testing/place.ts'
import { stage } from '../../adapters/testing/stage.ts'
import { turn } from '../../testing/machine/clock.ts'
import { silentLog } from '../../testing/machine/parts.ts'
import type { FileSystem, HttpOutcome } from '../ports.ts'
import { createBacklog } from './replay/backlog.ts'
import { OutboxFolder } from './segments/outbox-folder.ts'
import { SegmentStore } from './segments/segment-store.ts'

let at: Place
beforeEach(() => void (at = place()))
afterEach(() => at.remove())

const CALLS = 40
const SENT = 5
const away: HttpOutcome = { kind: 'unreachable', detail: 'refused' }

/** An owner that claimed the calls, sent the first ones, and is gone. */
async function leaveSegment(): Promise<void> {
  at.add(...Array.from({ length: CALLS }, (_, i) => message(`m${i}`)))
  const s = stage(at)
  let sent = 0
  s.answer = (call) => (call.method !== 'GET' && ++sent > SENT ? away : undefined)
  await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  await s.close()
}

/** Turns of the loop, more than another reading needs to come as far. */
const LONG = 200

/** The disk: one such call takes long, and `onSlow` is told of it. */
function slowAt(
  nth: number,
  op: 'openRead' | 'info',
  ending: string,
  onSlow?: () => void,
): Partial<FileSystem> {
  const real = createFileSystem()
  let calls = 0
  const hold = async (path: string): Promise<void> => {
    if (!path.endsWith(ending) || ++calls !== nth) return
    onSlow?.()
    for (let i = 0; i < LONG; i++) await turn()
  }
  return op === 'openRead'
    ? { openRead: (path) => hold(path).then(() => real.openRead(path)) }
    : { info: (path) => hold(path).then(() => real.info(path)) }
}

it.each([
  ['its calls are counted', 'openRead', '.seg'],
  ['its ledger is read', 'openRead', '.led'],
  ['it is found', 'info', '.seg'],
] as const)('a look while %s: nothing waits once all is sent', async (_, op, ending) => {
  await leaveSegment()
  const looks: Promise<{ readonly total: number }>[] = []
  const s = stage(at, { fs: slowAt(1, op, ending, () => looks.push(s.box.waiting(0, 5))) })
  const flushed = await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  expect(await Promise.all(looks)).toEqual([expect.objectContaining({ total: CALLS - SENT })])
  expect(flushed).toMatchObject({ ok: true, value: { delivered: CALLS - SENT, waiting: 0 } })
  expect(s.api.messages).toHaveLength(CALLS - SENT)
  expect((await s.box.summary()).waiting).toBe(0)
  await s.close()
})

const twoAtOnce: readonly [string, (store: SegmentStore) => Promise<unknown>][] = [
  ['a look', (store) => store.loadOnce()],
  ['another turn', (store) => store.load()],
]

it.each(twoAtOnce)('the folder is read, and %s meanwhile: a segment is one, not two', async (_, other) => {
  await leaveSegment()
  // whoever comes second would be long about it
  const fs = { ...createFileSystem(), ...slowAt(2, 'info', '.seg') }
  const backlog = createBacklog()
  const folder = new OutboxFolder(fs, at.workspace)
  await folder.resolve()
  const store = new SegmentStore({
    fs,
    folder,
    clock: { now: () => Date.now(), monotonic: () => 0, schedule: () => () => undefined },
    random: { next: () => 0, id: () => 'id' },
    log: silentLog,
    onDelivered: () => undefined,
    index: (segment) => backlog.index(segment),
    onRead: () => undefined,
  })
  const own = store.load()
  const meanwhile = other(store)
  await Promise.race([own, meanwhile])
  const segments = [...store.all()]
  expect(segments).toHaveLength(1)
  await Promise.all([own, meanwhile])
  // one that took its place would be sent once more
  expect(store.all()[0]).toBe(segments[0])
  expect(store.waiting).toBe(CALLS - SENT)
  await store.reset()
  expect(store.isLoaded).toBe(false)
})
