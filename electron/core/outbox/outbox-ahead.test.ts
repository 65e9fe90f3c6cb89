/** Intents ahead: made durable together where the server keeps our keys, sent one after the other all the same. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { message, place, type Place } from '../../adapters/testing/place.ts'

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

const names = Array.from({ length: 70 }, (_, i) => `m${i}`)
/** What the ledger says of calls, in its order: I for an intent, D for a delivery, U for an intent that did not go out. */
const told = (): string =>
  at
    .ledgers()
    .split('\n')
    .map((l) => /^\{"t":"(intent|delivered|unsent)"/.exec(l)?.[1]?.charAt(0).toUpperCase() ?? '')
    .join('')
const arrived = (): string[] =>
  server.api.arrivals.map((a) => (JSON.parse(a.body) as { subject: string }).subject)

describe('intents ahead', () => {
  it('go to the disk 64 at a time where the server says that it keeps keys; the calls go out in file order', async () => {
    server.api.saysItKeepsKeys = true
    at.add(...names.map((n) => message(n)))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 70, waiting: 0 })
    expect(told()).toBe('I'.repeat(64) + 'D'.repeat(64) + 'I'.repeat(6) + 'D'.repeat(6))
    expect(arrived()).toEqual(names)
  })

  it('go one by one where it does not say so', async () => {
    at.add(...names.slice(0, 3).map((n) => message(n)))
    await at.flush(server.url)
    expect(told()).toBe('IDIDID')
  })

  it('of calls that did not go out are taken back, and none of them is in doubt', async () => {
    server.api.saysItKeepsKeys = true
    server.lie = (asked) =>
      asked.body.includes('"m2"') ? { status: 503, headers: { 'retry-after': '600' } } : undefined
    at.add(...names.slice(0, 5).map((n) => message(n)))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 2, waiting: 3 })
    expect(told()).toBe('IIIIIDDUUU')
  })

  it('of calls that were sent before a crash: sent again with the same key, without a look-up', async () => {
    server.api.saysItKeepsKeys = true
    let isBroken = false
    server.lie = (asked) => {
      if (isBroken || !asked.body.includes('"m1"')) return undefined
      isBroken = true
      server.truth(asked)
      asked.res.destroy()
      return 'handled'
    }
    at.add(...names.slice(0, 3).map((n) => message(n)))
    await at.flush(server.url)
    const before = server.api.reads.length
    await at.flush(server.url, 3_000)
    expect(server.api.effects.map((a) => (JSON.parse(a.body) as { subject: string }).subject)).toEqual(
      names.slice(0, 3),
    )
    expect(server.api.reads.slice(before).filter((r) => r.startsWith('/api/coord/messages'))).toEqual([])
  })
})
