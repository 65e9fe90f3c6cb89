/** How many calls ended when: a new process learns it from the ledgers, whatever became of the one before it. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { ago, component, IN_MEMORY, message, place, until, type Place } from '../../adapters/testing/place.ts'

let at: Place
let server: Liar
beforeEach(async () => {
  at = place(true, IN_MEMORY)
  server = await new Liar().listen()
})
afterEach(async () => {
  await server.close()
  at.remove()
})

it('a process that starts tells the ends of the last day, once and before it sends', async () => {
  server.lie = (asked) => (asked.body.includes('bad') ? { status: 422, body: { detail: 'no' } } : undefined)
  server.api.components = [{ project_key: 'p', component: 'web', state: 'live', updated_at: ago(1_000) }]
  at.add(message('a'), message('bad'), message('b'), component('web', 'old', ago(3_600_000)))
  await at.flush(server.url)
  await at.flush(server.url)
  at.add(message('c'))
  const opened = at.open(server.url)
  const { box, events } = opened
  await box.start()
  await until(() => server.api.effects.length === 3)
  await box.stop()
  await opened.close()
  const told = events.filter((e) => e.kind === 'workspace.recovered')
  expect(told).toHaveLength(1)
  const sum = (of: 'delivered' | 'setAside' | 'skipped'): number =>
    told.flatMap((e) => e.ends).reduce((n, one) => n + one[of], 0)
  expect([sum('delivered'), sum('setAside'), sum('skipped')]).toEqual([2, 1, 1])
  expect(told[0]?.workspace).toBe(at.workspace)
  for (const { at: when } of told.flatMap((e) => e.ends)) expect(when % 300_000).toBe(0)
  const order = events.map((e) => e.kind)
  expect(order.indexOf('workspace.recovered')).toBeLessThan(order.indexOf('call.delivered'))
})
