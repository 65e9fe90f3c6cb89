/** A queue file with everything hostile at once: every call ends as delivered, set aside or skipped, readable. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import fc from 'fast-check'
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
const m = (subject: string): string =>
  JSON.stringify({ method: 'POST', path: '/api/coord/messages', body: { subject } })
const le = (text: string): Buffer => Buffer.from(text, 'utf16le')

it('everything at once: nothing lost, nothing in the wrong order, raw bytes readable', async () => {
  const deep = `{"method":"POST","path":"/api/coord/deep","body":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`
  at.add(
    Buffer.from(`\ufeff${m('bom')}\r\n\n   \n`),
    le(`${m('utf16 \u0a0a\u010a é')}\r\n`),
    Buffer.from([0xff, 0xfe]),
    le(`${m('utf16 bom')}\r\n`),
    Buffer.from(`\0\0\0\0${m('after nuls')}\0\0\n`),
    Buffer.from(`${m('glued 1')}${m('glued 2')}\n`),
    Buffer.from(`{"ts":"2026","meth${m('behind torn')}\n`),
    Buffer.from(`{"torn":\nhello\n[1]\n42\n"text"\n{}\n`),
    Buffer.from([0x7b, 0x22, 0xe9, 0x22, 0x7d, 0x0a]),
    Buffer.from(`{"__proto__":{"method":"POST","path":"/api/coord/messages"}}\n`),
    Buffer.from(`${deep}\n`),
    Buffer.from(
      `{"method":"POST","path":"/api/coord/messages","body":{"subject":"${'x'.repeat(1024 * 1024)}"}}\n`,
    ),
    Buffer.from(
      `{"method":"TRACE","path":"/api/coord/x"}\n{"method":"GET","path":"/api/coord/x"}\n{"method":"POST","path":"//evil/x"}\n`,
    ),
    Buffer.from(`{"method":"POST","path":"/api/coord/\\ud800"}\n`),
    Buffer.from(`{"method":"POST","path":"/api/coord/messages","body":{"subject":"lone \\ud800"}}\n`),
    Buffer.from(m('last, no newline')),
  )
  const opened = at.open(server.url)
  const done = await opened.box.flush({ waitMs: 0, lanes: 1 })
  expect(done).toEqual({ ok: true, value: { delivered: 10, setAside: 13, skipped: 1, waiting: 0 } })
  expect(server.api.messages.map((r) => r['subject'])).toEqual([
    'bom',
    'utf16 \u0a0a\u010a é',
    'utf16 bom',
    'after nuls',
    'glued 1',
    'glued 2',
    'behind torn',
    'lone \ud800',
    'last, no newline',
  ])
  expect(server.api.arrivals.find((a) => a.path === '/api/coord/deep')?.body).toHaveLength(20_006)
  const setAside = await opened.box.list('set-aside', 200)
  expect(setAside.map((c) => (typeof c.raw === 'string' ? c.raw.slice(0, 30) : c.raw))).toEqual([
    '{"ts":"2026","meth',
    '{"torn":',
    'hello',
    '[1]',
    '42',
    '"text"',
    '{}',
    { base64: Buffer.from([0x7b, 0x22, 0xe9, 0x22, 0x7d]).toString('base64') },
    '{"__proto__":{"method":"POST",',
    '{"method":"POST","path":"/api/',
    '{"method":"TRACE","path":"/api',
    '{"method":"POST","path":"//evi',
    '{"method":"POST","path":"/api/',
  ])
  for (const c of setAside) expect(c.reason.length).toBeGreaterThan(10)
  await opened.close()
  const again = at.open(server.url)
  expect(await again.box.list('set-aside', 200)).toEqual(setAside)
  const { setAside: rows } = await again.box.summary()
  expect(rows.map((row) => [row.id, row.reason])).toEqual(setAside.map((c) => [c.id, c.reason]))
  await again.close()
})

it('property: whatever stands between them, whole calls on lines of their own arrive, once, in order, and nothing leaves /api/coord/', async () => {
  const junk = fc.oneof(
    fc.string({ unit: fc.constantFrom('{', '}', '"', '\\', 'a', ':', ' ', 'é') }),
    fc.constantFrom(
      '{"method":"POST","path":"http://127.0.0.1:1/api/coord/x"}',
      '{"method":"PUT","path":"/api/coord/../x"}',
      '{"method":"POST","path":"//h/x"}',
      '\\\\h\\x',
      '[',
      '{"method":"POST","path":"/api/coord/%00"}',
    ),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(junk, { maxLength: 8 }), async (lines) => {
      server.api.messages = []
      server.api.arrivals.length = 0
      const p = place()
      const all = lines.flatMap((l, i) => [`${l}\n`, `${m(`good ${i}`)}\n`])
      p.add(...all)
      const done = await p.flush(server.url)
      expect(done.waiting).toBe(0)
      expect(server.api.messages.map((r) => r['subject'])).toEqual(lines.map((_, i) => `good ${i}`))
      expect(server.api.arrivals.every((a) => a.path.startsWith('/api/coord/'))).toBe(true)
      p.remove()
    }),
    { numRuns: 40 },
  )
})

it('a thousand calls: memory of the ledger stays small, and a second flush finds nothing', async () => {
  at.add(Array.from({ length: 1_000 }, (_, i) => `${JSON.stringify(message(`m${i}`))}\n`).join(''))
  expect(await at.flush(server.url)).toMatchObject({ delivered: 1_000, waiting: 0 })
  expect(at.ledgers()).toContain('"t":"upto"')
  expect(await at.flush(server.url)).toEqual({ delivered: 0, setAside: 0, skipped: 0, waiting: 0 })
  expect(server.api.arrivals).toHaveLength(1_000)
})
