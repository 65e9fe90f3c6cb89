/** A hook reads a list to its end, however many pages that takes, and gives up at its deadline. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { HookApi } from './hook-api.ts'

const PAGES = 30
let server: Server | undefined
afterEach(() => new Promise((done) => (server ? server.close(done) : done(undefined))))

/** One lock a page, with a link to the next one; or by offsets, for a server without links. */
async function serve(way: 'links' | 'offsets', answer = (_at: number) => true): Promise<Context> {
  server = createServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://x')
    const send = (body: unknown): void =>
      void res.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    if (url.pathname === '/health')
      return send({ status: 'ok', extensions: way === 'links' ? ['pages'] : [] })
    const at = Number(url.searchParams.get(way === 'links' ? 'after' : 'offset') ?? 0)
    if (!answer(at)) return
    const size = way === 'links' ? 1 : 20
    const total = way === 'links' ? PAGES : 20 * PAGES
    if (way === 'links' && at + 1 < total)
      res.setHeader('link', `</api/coord/locks?project_key=p&after=${at + 1}>; rel="next"`)
    const rows = Array.from({ length: Math.max(0, Math.min(size, total - at)) }, (_, i) => ({
      id: at + i,
      project_key: 'p',
      session_id: 'O/x',
      resource: `r${at + i}`,
    }))
    send(rows)
  })
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const context = { baseUrl: `http://127.0.0.1:${port}`, isEmbedded: false, token: null, home: '/nowhere' }
  return context as unknown as Context
}

it.each([
  ['links', PAGES],
  ['offsets', 20 * PAGES],
] as const)('by %s', async (way, count) => {
  const api = new HookApi(await serve(way), performance.now() + 30_000)
  expect(await api.hello()).toBe(true)
  const locks = await api.locks('p')
  expect([locks?.length, locks?.at(-1)?.resource]).toEqual([count, `r${count - 1}`])
  api.close()
})

it('half a list is none: a page that does not come in time', async () => {
  const api = new HookApi(await serve('links', (at) => at < 10), performance.now() + 400)
  expect(await api.hello()).toBe(true)
  expect([await api.locks('p'), api.isAway, await api.unread('M/a')]).toEqual([null, true, null])
  expect(api.isSilent).toBe(true)
  api.close()
  server?.closeAllConnections()
})

it('a server that was not asked, or had no time to answer, is not silent: the hook came late', async () => {
  const context = await serve('links', () => false)
  for (const left of [-5, 20]) {
    const api = new HookApi(context, performance.now() + left)
    expect(await api.locks('p')).toBeNull()
    expect([api.isAway, api.isSilent]).toEqual([true, false])
    api.close()
  }
  server?.closeAllConnections()
})
