/** SIGKILL at random instants of a process that flushes. COORD_LONG=1: 50 kills over 5 000 calls. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { component, message, place, until, type Place } from '../../adapters/testing/place.ts'

const isLong = process.env['COORD_LONG'] === '1'
const [KILLS, CALLS] = isLong ? [50, 5_000] : [8, 600]
const CHILD = join(import.meta.dirname, '..', '..', 'adapters', 'testing', 'flush-child.ts')

const flush = (at: Place, url: string, wait = 0): ChildProcess =>
  spawn(process.execPath, [CHILD, at.workspace, at.home, url, String(wait)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })

async function torture(
  honoursKeys: boolean,
): Promise<{ keys: string[]; subjects: string[]; arrivals: number; kills: number }> {
  const at = place()
  const server = await new Liar().listen()
  server.api.honoursKeys = honoursKeys
  const all = Array.from({ length: CALLS }, (_, i) =>
    i % 2 === 0 ? message(`m${i}`) : component('web', `s${i}`),
  )
  let added = 0
  let kills = 0
  while (kills < KILLS) {
    const goOn = Math.min(CALLS, Math.ceil((CALLS * (kills + 1)) / KILLS))
    at.add(...all.slice(added, goOn))
    added = goOn
    const child = flush(at, server.url)
    const exited = once(child, 'exit')
    const goal = server.api.arrivals.length + Math.floor((Math.random() * CALLS) / KILLS)
    await Promise.race([until(() => server.api.arrivals.length > goal, 5_000).catch(() => undefined), exited])
    // anywhere within the next call: its file writes, its request, its answer
    if (Math.random() < 0.7) await after(Math.random() * 3)
    kills++
    child.kill('SIGKILL')
    await exited
  }
  at.add(...all.slice(added))
  for (let i = 0; i < 2; i++) {
    const child = flush(at, server.url, 5_000)
    await once(child, 'exit')
  }
  const { api } = server
  await server.close()
  at.remove()
  const seen = new Set<string>()
  const name = (body: string): string => {
    const b = JSON.parse(body) as { subject?: string; state?: string }
    return b.subject ?? b.state ?? ''
  }
  const keys = api.arrivals.filter((a) => !seen.has(a.key) && seen.add(a.key)).map((a) => name(a.body))
  return { keys, subjects: api.effects.map((e) => name(e.body)), arrivals: api.arrivals.length, kills }
}
const expected = Array.from({ length: CALLS }, (_, i) => (i % 2 === 0 ? `m${i}` : `s${i}`))

describe(`${KILLS} SIGKILLs over ${CALLS} calls`, () => {
  it('a server that honours keys: none lost, none doubled, order kept', { timeout: 600_000 }, async () => {
    const { keys, subjects, arrivals } = await torture(true)
    expect(keys).toEqual(expected)
    expect(subjects).toEqual(expected)
    expect(arrivals - CALLS).toBeLessThanOrEqual(KILLS)
  })
  it(
    'a server that ignores keys: none lost, duplicates ≤ kills, order kept',
    { timeout: 600_000 },
    async () => {
      const { keys, subjects, kills } = await torture(false)
      expect(keys).toEqual(expected)
      expect(new Set(subjects).size).toBe(CALLS)
      expect(subjects.length - CALLS).toBeLessThanOrEqual(kills)
    },
  )
})
