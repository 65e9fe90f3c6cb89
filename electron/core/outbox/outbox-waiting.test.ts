/** All that waits, a page at a time, with names that last; and what a row says of its call. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallFacts } from '../../../shared/call.ts'
import { claim, component, message, place, releaseAll, type Place } from '../../adapters/testing/place.ts'
import { stage, type Stage } from '../../adapters/testing/stage.ts'
import type { HttpCall, HttpOutcome, OpenFile } from '../ports.ts'
import { createFileSystem } from '../../adapters/file-system.ts'

let at: Place
beforeEach(() => void (at = place()))
afterEach(() => at.remove())

const subjects = (from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `m${from + i}`)
const answer = (status: number, body: unknown): HttpOutcome => ({
  kind: 'answer',
  status,
  headers: { 'content-type': 'application/json' },
  text: JSON.stringify(body),
  isCut: false,
})
const away: HttpOutcome = { kind: 'unreachable', detail: 'refused' }
const isWrite = ({ method }: HttpCall): boolean => method !== 'GET'

/** The subjects of a page, and how many wait. */
async function page(s: Stage, offset: number, limit: number): Promise<readonly [readonly unknown[], number]> {
  const { rows, total } = await s.box.waiting(offset, limit)
  return [rows.map((row) => row.resource), total]
}

/** Bytes that were read from files. */
function countingFs() {
  const real = createFileSystem()
  const counted = { bytes: 0 }
  const wrap = (file: OpenFile): OpenFile => ({
    ...file,
    append: (bytes) => file.append(bytes),
    sync: () => file.sync(),
    close: () => file.close(),
    async readAt(offset, length) {
      const read = await file.readAt(offset, length)
      if (read.ok) counted.bytes += read.value.length
      return read
    },
  })
  const openRead: typeof real.openRead = async (path) => {
    const opened = await real.openRead(path)
    return opened.ok ? { ok: true, value: wrap(opened.value) } : opened
  }
  return { counted, fs: { openRead } }
}

describe('pages of what waits', () => {
  it('unclaimed, claimed and half sent: any page, in order, and the same names all along', async () => {
    at.add(...subjects(0, 2_600).map((s) => message(s)))
    const s = stage(at)
    s.answer = () => away
    expect(await page(s, 0, 3)).toEqual([['m0', 'm1', 'm2'], 2_600])
    expect(await page(s, 1_234, 3)).toEqual([['m1234', 'm1235', 'm1236'], 2_600])
    expect(await page(s, 2_598, 10)).toEqual([['m2598', 'm2599'], 2_600])
    expect(await page(s, 5_000, 10)).toEqual([[], 2_600])
    const names = (await s.box.waiting(2_000, 5)).rows.map((row) => row.id)

    let sent = 0
    s.answer = (call) => (isWrite(call) && ++sent > 700 ? away : undefined)
    await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    at.add(message('late'))
    expect(await page(s, 0, 2)).toEqual([['m700', 'm701'], 1_901])
    expect(await page(s, 1_300, 3)).toEqual([['m2000', 'm2001', 'm2002'], 1_901])
    expect(await page(s, 1_899, 5)).toEqual([['m2599', 'late'], 1_901])
    expect((await s.box.waiting(1_300, 5)).rows.map((row) => row.id)).toEqual(names)
    expect((await s.box.summary()).next.map((row) => row.id)).toEqual(
      (await s.box.waiting(0, 50)).rows.map((row) => row.id),
    )
    await s.close()
    // a process that has just begun counts from the checkpoint on
    const next = stage(at)
    next.answer = () => away
    expect(await page(next, 1_300, 3)).toEqual([['m2000', 'm2001', 'm2002'], 1_901])
    expect((await next.box.waiting(1_300, 5)).rows.map((row) => row.id)).toEqual(names)
    await next.close()
  })

  it('with lanes, calls that have ended between others are passed over', async () => {
    at.add(...Array.from({ length: 1_200 }, (_, i) => component(`c${i}`, 'built')))
    const s = stage(at)
    // the third of four that are in flight never ends by itself
    s.answer = (call) => (isWrite(call) && /c(3|9)$/.test(call.path) ? away : undefined)
    await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 8 }))
    const { rows, total } = await s.box.waiting(0, 2_000)
    expect(rows).toHaveLength(total)
    expect(rows[0]?.resource).toBe('c3')
    expect(rows.slice(-1)[0]?.resource).toBe('c1199')
    for (const offset of [1, 7, 500, total - 3])
      expect((await s.box.waiting(offset, 3)).rows.map((r) => r.id)).toEqual(
        rows.slice(offset, offset + 3).map((r) => r.id),
      )
    await s.close()
  })

  it('glued calls, torn ones and a last line without an end each have a row', async () => {
    const one = JSON.stringify(message('a'))
    at.add(`${one}${one}\n`, 'torn {\n', one)
    const s = stage(at)
    s.answer = () => away
    const { rows, total } = await s.box.waiting(0, 10)
    expect([total, new Set(rows.map((r) => r.id)).size]).toEqual([4, 4])
    expect(rows.map((r) => r.effect)).toEqual(['message', 'message', null, 'message'])
    at.add('\n', message('b'))
    expect(await page(s, 0, 10)).toEqual([['a', 'a', null, 'a', 'b'], 5])
    await s.close()
  })

  it('a page far behind reads no more than what lies between two marks, and growth is counted from where it ended', async () => {
    at.add(...subjects(0, 20_000).map((s) => message(s)))
    const { counted, fs } = countingFs()
    const s = stage(at, { fs })
    s.answer = () => away
    await s.box.waiting(0, 1)
    const whole = counted.bytes
    for (const read of [() => page(s, 19_000, 50), () => (at.add(message('more')), page(s, 20_000, 50))]) {
      counted.bytes = 0
      await read()
      expect(counted.bytes).toBeLessThan(whole / 4)
    }
    s.answer = (call) => (isWrite(call) ? away : undefined)
    await s.clock.drive(s.box.start())
    expect(at.segments()).toHaveLength(1)
    counted.bytes = 0
    expect(await page(s, 19_000, 2)).toEqual([['m19000', 'm19001'], 20_001])
    expect(counted.bytes).toBeLessThan(whole / 4)
    await s.close()
  })

  it('one that waits is shown whole by its name, before and behind the claim; once it has ended, no more', async () => {
    at.add(message('x'), message('y'))
    const s = stage(at)
    s.answer = () => away
    const id = (await s.box.waiting(1, 1)).rows[0]?.id ?? ''
    const shown = { ok: true, value: { id, method: 'POST', reason: '', status: null } }
    expect(await s.box.show(id)).toMatchObject(shown)
    s.answer = (call) => (isWrite(call) ? away : undefined)
    await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    expect(at.segments()).toHaveLength(1)
    const claimed = await s.box.show(id)
    expect(claimed).toMatchObject(shown)
    expect(claimed.ok && claimed.value.raw).toContain('"subject":"y"')
    s.answer = () => undefined
    await s.clock.drive(s.clock.advance(120_000))
    await s.clock.drive(s.box.flush({ waitMs: 60_000, lanes: 1 }))
    expect(await s.box.show(id)).toMatchObject({ ok: false, error: { code: 'not-found' } })
    await s.close()
  })
})

describe('what a row says of its call', () => {
  const facts = (over: Partial<CallFacts>): Partial<CallFacts> => ({
    session: 'M/a',
    project: 'p',
    to: null,
    ...over,
  })
  it.each<[string, object, Partial<CallFacts>]>([
    ['claim', claim('src/x', 'M/a'), facts({ effect: 'claim', resource: 'src/x' })],
    ['release-all', releaseAll('M/a'), { effect: 'release-all', session: 'M/a', resource: null }],
    [
      'release',
      { method: 'DELETE', path: '/api/coord/locks/12?session_id=M%2Fa' },
      { effect: 'release', session: 'M/a', resource: '12' },
    ],
    [
      'component',
      component('server', 'deployed'),
      facts({ effect: 'component', resource: 'server', state: 'deployed' }),
    ],
    ['message', message('hello'), facts({ effect: 'message', resource: 'hello' })],
    [
      'direct message',
      {
        method: 'POST',
        path: '/api/coord/messages',
        body: { from_session: 'M/a', to_session: 'N/b', project_key: 'p', subject: 's'.repeat(3_000) },
      },
      facts({ effect: 'message', resource: 's'.repeat(200), to: 'N/b' }),
    ],
    [
      'item',
      { method: 'PATCH', path: '/api/coord/work-items/7', body: { status: 'completed' } },
      { effect: 'item-change', resource: '7', state: 'completed' },
    ],
    ['a read', { method: 'GET', path: '/api/coord/locks' }, { effect: null, session: null }],
    ['no call', { nothing: 1 }, { effect: null, resource: null }],
  ])('%s: while it waits, and as it was delivered', async (_, line, expected) => {
    at.add(line)
    const s = stage(at)
    s.answer = () => away
    expect((await s.box.waiting(0, 1)).rows[0]).toMatchObject(expected)
    s.answer = (call) => (isWrite(call) ? answer(200, { id: 1 }) : undefined)
    await s.clock.drive(s.clock.advance(120_000))
    await s.clock.drive(s.box.flush({ waitMs: 60_000, lanes: 1 }))
    const { lately, skipped, setAside } = await s.box.summary()
    expect([...lately, ...skipped, ...setAside]).toMatchObject([expected])
    await s.close()
    // a new process reads them back
    const next = stage(at)
    const again = await next.box.summary()
    expect([...again.lately, ...again.skipped, ...again.setAside]).toMatchObject([expected])
    await next.close()
  })

  it.each<[string, object, number, unknown, string | null]>([
    [
      'the field that the answer names',
      message('x'),
      422,
      { detail: 'body: must have', field: 'body' },
      'body',
    ],
    [
      'the first place of a list of problems',
      message('x'),
      422,
      { detail: [{ type: 'missing', loc: ['body', 'items', 0, 'title'], msg: 'Field required' }] },
      'items.0.title',
    ],
    [
      'no place of the body at all',
      message('x'),
      422,
      { detail: [{ loc: ['body', 17], msg: 'JSON' }] },
      null,
    ],
    ['what is missing by the protocol', claim('', 'M/a'), 422, { detail: 'no' }, 'resource'],
    ['nothing, where nothing is missing', claim('r', 'M/a'), 422, { detail: 'no' }, null],
    ['nothing, where the body is not the matter', claim('', 'M/a'), 413, { detail: 'no', x: 1 }, null],
  ])('the field of a rejected call: %s', async (_, line, status, body, field) => {
    at.add(line)
    const s = stage(at)
    s.answer = (call) => (isWrite(call) ? answer(status, body) : undefined)
    await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    expect((await s.box.summary()).setAside).toMatchObject([{ status, field, holder: null }])
    await s.close()
    const next = stage(at)
    expect(await next.box.rows('set-aside', 10)).toMatchObject([{ status, field, holder: null }])
    await next.close()
  })

  it('who holds what a claim was refused for', async () => {
    at.add(claim('r', 'M/a'))
    const s = stage(at)
    s.api.locks = [{ id: '1', project_key: 'p', resource: 'r', session_id: 'N/some (odd) name' }]
    s.answer = (call) => (isWrite(call) ? answer(409, { detail: 'held' }) : undefined)
    await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    const held = { cause: 'held', holder: 'N/some (odd) name', resource: 'r', session: 'M/a' }
    expect((await s.box.summary()).setAside).toMatchObject([held])
    await s.close()
    const next = stage(at)
    expect((await next.box.summary()).setAside).toMatchObject([held])
    await next.close()
  })
})
