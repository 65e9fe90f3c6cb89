/** The bytes of one call, asked for by its id. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { place, type Place } from '../../adapters/testing/place.ts'
import { stage } from '../../adapters/testing/stage.ts'

let at: Place
beforeEach(() => void (at = place()))
afterEach(() => at.remove())

it('a set-aside or skipped call is shown whole, for a process that has just begun too; another id is not found', async () => {
  at.add('bad\n', { method: 'GET', path: '/api/coord/locks' })
  const s = stage(at)
  await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  const { setAside, skipped } = await s.box.summary()
  const ids = [setAside[0]?.id ?? '', skipped[0]?.id ?? '']
  await s.close()
  const next = stage(at)
  expect(await next.box.show(ids[0] ?? '')).toMatchObject({
    ok: true,
    value: { id: ids[0], raw: 'bad', status: null, method: null },
  })
  expect(await next.box.show(ids[1] ?? '')).toMatchObject({
    ok: true,
    value: { id: ids[1], raw: '{"method":"GET","path":"/api/coord/locks"}', reason: 'read' },
  })
  expect(await next.box.show('00000009-nothing.0.0')).toMatchObject({
    ok: false,
    error: { code: 'not-found' },
  })
  await next.close()
})

it('a summary carries no bytes: 40 rejected calls of 0.9 MB are a few kB, each with its cause and, where it is no call, its beginning', async () => {
  at.add(...Array.from({ length: 40 }, (_, i) => `{"n":${i},"x":"${'x'.repeat(900_000)}"}\n`))
  const s = stage(at)
  await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  const summary = await s.box.summary()
  expect(JSON.stringify(summary).length).toBeLessThan(40_000)
  expect(summary.setAside).toHaveLength(40)
  expect(summary.setAside[3]).toMatchObject({
    cause: 'not-a-call',
    preview: expect.stringMatching(/^\{"n":3,"x":"x+$/),
  })
  const shown = await s.box.show(summary.setAside[3]?.id ?? '')
  expect(shown.ok && shown.value.raw).toHaveLength(900_000 + '{"n":3,"x":""}'.length)
  await s.close()
})
