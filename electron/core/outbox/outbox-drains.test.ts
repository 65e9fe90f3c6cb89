/** Which drain got a lock: one whose backlog is sent now may release it, those that ended before may not. Each flush is a process of its own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FlushCounts } from '../../../shared/protocol.ts'
import { Liar } from '../../adapters/testing/liar.ts'
import { ago, claim, message, place, releaseAll, type Place } from '../../adapters/testing/place.ts'

const HOUR = 3_600_000
let at: Place
let server: Liar
beforeEach(async () => {
  at = place()
  server = await new Liar().listen()
})
afterEach(async () => {
  await server.close()
  at.remove()
})
const held = (): unknown[] => server.api.locks.map((l) => l['resource'])
async function flush(...lines: object[]): Promise<FlushCounts & { reasons: string[] }> {
  at.add(...lines)
  const opened = at.open(server.url)
  const done = await opened.box.flush({ waitMs: 0, lanes: 1 })
  const s = await opened.box.summary()
  await opened.close()
  if (!done.ok) throw new Error(done.error.message)
  return { ...done.value, reasons: s.setAside.map((c) => c.reason) }
}
/** The next write that holds this text is told to wait. */
function askToWait(part: string): void {
  let isUsed = false
  server.lie = (asked) => {
    if (isUsed || !asked.isWrite || !asked.body.includes(part)) return undefined
    isUsed = true
    return { status: 503, headers: { 'retry-after': '1' } }
  }
}

describe('a release-all that was queued before its session claimed anew', () => {
  it('is set aside where another process, with a backlog of its own, got the lock', async () => {
    expect(await flush(claim('r', 'M/a', ago(HOUR)))).toMatchObject({ delivered: 1 })
    expect(await flush(releaseAll('M/a', ago(5 * HOUR)))).toMatchObject({
      setAside: 1,
      reasons: ['session-active'],
    })
    expect(held()).toEqual(['r'])
  })

  it('is set aside where that backlog ended, and a later one was cut off before this process came', async () => {
    await flush(claim('r', 'M/a', ago(HOUR)))
    askToWait('later')
    expect(await flush(message('later'), releaseAll('M/a', ago(5 * HOUR)))).toMatchObject({ waiting: 2 })
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect(await flush()).toMatchObject({ delivered: 1, setAside: 1, reasons: ['session-active'] })
    expect(held()).toEqual(['r'])
  })

  it('is sent where its own backlog got the lock, though a process ended in between', async () => {
    askToWait('again')
    await flush(claim('s', 'M/c', ago(HOUR)), message('again'))
    // the backlog still holds a call: it is the same drain
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    expect(await flush(releaseAll('M/c', ago(5 * HOUR)))).toMatchObject({ delivered: 2, setAside: 0 })
    expect(held()).toEqual([])
  })
})
