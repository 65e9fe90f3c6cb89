/** More lies of a server than an answer alone can tell: silence at each stage, a redirect that somebody awaits, odd encodings. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar, type Asked } from '../../adapters/testing/liar.ts'
import { IN_MEMORY, message, place, QUICK, type Place } from '../../adapters/testing/place.ts'

let at: Place
let server: Liar
beforeEach(async () => {
  at = place(true, IN_MEMORY)
  server = await new Liar().listen()
  server.api.honoursKeys = false
})
afterEach(async () => {
  await server.close()
  at.remove()
})
const subjects = (): unknown[] => server.api.messages.map((m) => m['subject'])
const NOTHING = { delivered: 0, setAside: 0, skipped: 0 }
/** Lies about the first write only, or about each request for a path. */
const once = (lie: (asked: Asked) => ReturnType<Liar['lie']>): void => {
  let isDone = false
  server.lie = (asked) => {
    if (!asked.isWrite || isDone) return undefined
    isDone = true
    return lie(asked)
  }
}

/** A server that says `bytes` to whoever connects, and then nothing. */
async function silent(bytes: string): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const mute: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    if (bytes !== '') socket.write(bytes)
  })
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(mute.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => mute.close(() => resolve()))
    },
  }
}

describe('hangs at each stage', () => {
  it.each([
    ['it accepts the connection and says nothing', ''],
    ['it says half a status line', 'HTTP/1.'],
    ['it says half the headers', 'HTTP/1.1 200 OK\r\nContent-Type: application/js'],
    ['it says half the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"status":'],
  ])('at the probe: %s: offline, nothing claimed, back within seconds', async (_, bytes) => {
    const mute = await silent(bytes)
    at.add(message('a'))
    const from = performance.now()
    const opened = at.open(mute.url, QUICK)
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      value: { ...NOTHING, waiting: 1 },
    })
    expect(opened.connection.view().state).toBe('offline')
    expect(performance.now() - from).toBeLessThan(10_000)
    expect(at.segments()).toEqual([])
    await opened.close()
    await mute.close()
  })
  // silence before the headers, behind them and in the body: outbox-answers
  it.each([
    ['it says half the headers', 'Content-Le'],
    ['it says half a chunk', 'Transfer-Encoding: chunked\r\n\r\nff\r\n{"i'],
  ])('at the call, applied: %s: in doubt, then looked up: there once', async (_, rest) => {
    at.add(message('a'), message('b'))
    once((asked) => {
      server.truth(asked)
      asked.req.socket.write(`HTTP/1.1 201 Created\r\n${rest}`)
      return 'handled'
    })
    expect(await at.flush(server.url, 0, QUICK)).toMatchObject({ ...NOTHING, waiting: 2 })
    expect(at.ledgers()).not.toContain('"delivered"')
    expect(await at.flush(server.url, 3_000)).toMatchObject({ delivered: 2, waiting: 0 })
    expect(subjects()).toEqual(['a', 'b'])
    expect(server.api.arrivals).toHaveLength(2)
  })
  it('before it has read the request: in doubt, sent again with the same key', async () => {
    server.isHasty = true
    server.lie = (asked) => {
      if (!asked.isWrite || asked.n > 0) return undefined
      asked.req.pause()
      return 'handled'
    }
    at.add({
      method: 'POST',
      path: '/api/coord/messages',
      body: { subject: 'big', body: 'x'.repeat(900_000) },
    })
    expect(await at.flush(server.url, 0, QUICK)).toMatchObject({ ...NOTHING, waiting: 1 })
    server.isHasty = false
    expect(await at.flush(server.url, 3_000)).toMatchObject({ delivered: 1, waiting: 0 })
    expect(subjects()).toEqual(['big'])
  })
})

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    '%d to another port where somebody listens: never contacted',
    async (status) => {
      let strangers = 0
      const other = createServer((socket) => {
        strangers++
        socket.destroy()
      })
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
      const { port } = other.address() as AddressInfo
      at.add(message('a'))
      const opened = at.open(server.url)
      once(() => ({ status, headers: { location: `http://127.0.0.1:${port}/api/coord/messages` }, body: {} }))
      expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
        value: { ...NOTHING, waiting: 1 },
      })
      expect(opened.connection.view()).toMatchObject({ state: 'wrong-answer' })
      expect(strangers).toBe(0)
      await opened.close()
      await new Promise((resolve) => other.close(resolve))
      expect(await at.flush(server.url)).toMatchObject({ delivered: 1 })
    },
  )
})

describe('an answer before the request ends', () => {
  it.each([
    [201, { delivered: 2, setAside: 0 }],
    [413, { delivered: 1, setAside: 1 }],
  ])(
    '%d, and the connection stays usable or is made anew: the next call goes on',
    async (status, expected) => {
      server.isHasty = true
      server.lie = (asked) => {
        if (!asked.isWrite || asked.n > 0) return undefined
        server.isHasty = false
        asked.req.resume()
        return { status, body: { id: 'early', detail: 'early' } }
      }
      at.add(
        { method: 'POST', path: '/api/coord/x', body: { subject: 'big', body: 'x'.repeat(900_000) } },
        message('b'),
      )
      let done = await at.flush(server.url, 3_000)
      // cut off while it was still writing: in doubt, and sent again
      if (done.waiting > 0) done = await at.flush(server.url, 3_000)
      expect(done).toMatchObject({ waiting: 0 })
      expect(subjects()).toEqual(['b'])
      const opened = at.open(server.url)
      const s = await opened.box.summary()
      await opened.close()
      expect({ delivered: s.delivered, setAside: s.setAsideCount }).toEqual(expected)
    },
  )
})

describe('Retry-After of a server with a wrong clock', () => {
  it.each([
    ['a year behind', -365 * 86_400_000],
    ['an hour ahead', 3_600_000],
  ])('%s: the wait is counted from its own Date, not from ours', async (_, off) => {
    at.add(message('a'))
    let refused = 0
    let next = 0
    server.lie = (asked) => {
      if (refused > 0 && next === 0) next = performance.now()
      if (!asked.isWrite || refused > 0) return undefined
      refused = performance.now()
      const theirs = Date.now() + off
      return {
        status: 503,
        headers: {
          date: new Date(theirs).toUTCString(),
          'retry-after': new Date(theirs + 1_000).toUTCString(),
        },
      }
    }
    expect(await at.flush(server.url, 10_000)).toMatchObject({ delivered: 1, waiting: 0 })
    expect(next - refused).toBeGreaterThanOrEqual(990)
    expect(next - refused).toBeLessThan(6_000)
  })
})
