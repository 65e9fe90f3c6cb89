/** Lines written by somebody who means harm: none leaves the origin or `/api/coord/`, none crashes, each can be read with its reason. */
import fc from 'fast-check'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { IN_MEMORY, place } from '../../adapters/testing/place.ts'
import { coordStatus } from '../../adapters/testing/status-child.ts'

let server: Liar
let other: Server
let strangers = 0
const seen: { method: string; path: string; host: string; names: string }[] = []
beforeEach(async () => {
  server = await new Liar().listen()
  seen.length = 0
  server.lie = (asked) => {
    const { headers, rawHeaders } = asked.req
    seen.push({
      method: asked.method,
      path: asked.path,
      host: headers.host ?? '',
      names: rawHeaders.filter((_, i) => i % 2 === 0).join(' '),
    })
    return undefined
  }
  strangers = 0
  // another origin, at which nobody may ever knock
  other = createServer((socket) => {
    strangers++
    socket.destroy()
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await server.close()
  await new Promise((resolve) => other.close(resolve))
})
const evil = (): string => `127.0.0.1:${(other.address() as AddressInfo).port}`

/** Nothing went anywhere but to the API's own calls. */
function expectNoEscape(): void {
  expect(strangers).toBe(0)
  for (const { method, path, host, names } of seen) {
    expect(host).toBe(new URL(server.url).host)
    expect(names.toLowerCase()).not.toContain('evil')
    if (path === '/health' && method === 'GET') continue
    expect(method).toMatch(/^(GET|POST|PUT|PATCH|DELETE)$/)
    const url = new URL(path, server.url)
    expect(url.origin).toBe(new URL(server.url).origin)
    expect(url.pathname).toMatch(/^\/api\/coord\//)
    let bare = path.split('?', 1)[0] ?? ''
    for (let i = 0; i < 6; i++)
      bare = bare.replace(/%([0-9a-f]{2})/gi, (_, h: string) => String.fromCharCode(parseInt(h, 16)))
    expect(bare).toMatch(/^\/api\/coord\//)
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(bare).not.toMatch(/\.\.|\\|[\u0000-\u001f\u007f]|#/)
  }
}

const call = (more: object): string =>
  JSON.stringify({ method: 'POST', path: '/api/coord/x', body: {}, ...more })
const deep = (n: number): string => '['.repeat(n) + ']'.repeat(n)
/** The hostile lines of the issue, by name; each must be set aside, with these words in its reason. */
const NAMED: readonly (readonly [string, (host: string) => string | Uint8Array, RegExp])[] = [
  ['absolute URL', (h) => call({ path: `http://${h}/api/coord/x` }), /^refused/],
  ['//host', (h) => call({ path: `//${h}/api/coord/x` }), /^refused/],
  ['\\\\host', (h) => call({ path: `\\\\${h}\\api\\coord\\x` }), /^refused/],
  ['/\\host', (h) => call({ path: `/\\${h}/api/coord/x` }), /^refused/],
  ['@host', (h) => call({ path: `@${h}/api/coord/x` }), /^refused/],
  ['..', () => call({ path: '/api/coord/../admin' }), /^refused/],
  ['%2e%2e', () => call({ path: '/api/coord/%2e%2e/admin' }), /^refused/],
  ['%252e%252e', () => call({ path: '/api/coord/%252e%252e/admin' }), /^refused/],
  ['%00', () => call({ path: '/api/coord/%00' }), /^refused/],
  ['CRLF', (h) => call({ path: `/api/coord/x HTTP/1.1\r\nHost: ${h}\r\nX-Evil: 1\r\n\r\n` }), /^refused/],
  ['CRLF, encoded', () => call({ path: '/api/coord/x%0d%0aX-Evil:%201' }), /^refused/],
  ['CRLF in the query', () => call({ path: '/api/coord/x?a=1\r\nX-Evil: 1' }), /^refused/],
  ['CRLF in the method', () => call({ method: 'POST /x HTTP/1.1\r\nX-Evil: 1\r\n\r\nPOST' }), /^refused/],
  ['#', () => call({ path: '/api/coord/x#y' }), /^refused/],
  ['__proto__', () => `{"__proto__":${call({})}}`, /"method" is missing/],
  ['constructor', () => `{"constructor":{"prototype":${call({})}}}`, /"method" is missing/],
  ['depth 10 000', () => deep(10_000), /no object/],
  ['depth 10 000, cut off', () => `${'{"a":'.repeat(10_000)}1`, /torn/],
  ['1 MiB + 1', () => call({ body: 'x'.repeat(1024 * 1024) }), /1 MiB/],
  ...['TRACE', 'CONNECT', 'OPTIONS', 'PROPFIND', '__proto__', 'POST\u0000'].map(
    (method) => [`method ${JSON.stringify(method)}`, () => call({ method }), /^refused/] as const,
  ),
  ['lone surrogate in the path', () => '{"method":"POST","path":"/api/coord/\\ud800"}', /^refused/],
  ['lone surrogate as bytes', () => Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), /./],
]

describe('hostile lines', () => {
  it('by name: each is set aside with its reason, as "coord status --json" shows; none leaves', async () => {
    const at = place(true, IN_MEMORY)
    const lines = NAMED.map(([, make]) => make(evil()))
    for (const text of lines) at.add(text, '\n')
    at.add(`${call({ path: '/api/coord/messages', body: { subject: 'good' } })}\n`)
    expect(await at.flush(server.url)).toEqual({
      delivered: 1,
      setAside: NAMED.length,
      skipped: 0,
      waiting: 0,
    })
    expectNoEscape()
    expect(server.api.arrivals.map((a) => a.path)).toEqual(['/api/coord/messages'])
    const { setAside } = await coordStatus(at, server.url)
    expect(setAside).toHaveLength(NAMED.length)
    for (const [i, [name, , reason]] of NAMED.entries()) {
      const [row, text] = [setAside[i], lines[i] ?? '']
      expect(row?.reason, name).toMatch(reason)
      const raw = typeof row?.raw === 'string' ? row.raw : Buffer.from(row?.raw.base64 ?? '', 'base64')
      const bytes = Buffer.from(text)
      if (name === '1 MiB + 1') expect(Buffer.from(raw).length, name).toBeGreaterThan(0)
      else expect(Buffer.from(raw).equals(bytes), name).toBe(true)
    }
    at.remove()
  })

  it('harmless for all its looks: __proto__, depth 10 000 and lone surrogates inside a body are sent as written', async () => {
    const at = place(true, IN_MEMORY)
    const bodies = ['{"__proto__":{"x":1}}', deep(10_000), '{"a":"\\ud800"}', '{"a":"\\r\\nX-Evil: 1"}']
    for (const body of bodies) at.add(`{"method":"POST","path":"/api/coord/x","body":${body}}\n`)
    expect(await at.flush(server.url)).toMatchObject({ delivered: 4, setAside: 0 })
    expect(server.api.arrivals.map((a) => a.body)).toEqual(bodies)
    expectNoEscape()
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    at.remove()
  })

  it('property: whatever they are made of, each ends, readable with its reason; none leaves the origin or /api/coord/', async () => {
    const bit = fc.constantFrom(
      ...[
        'http://EVIL/',
        'https:',
        '//EVIL/',
        '\\\\EVIL\\',
        '/\\EVIL/',
        '@EVIL',
        '/api/coord/',
        '/api/coord/',
      ],
      ...[
        '/',
        '..',
        '.',
        '/../',
        '%2e%2e',
        '%2E%2e/',
        '%252e%252e',
        '%2f',
        '%5c',
        '%255c',
        '%00',
        '%',
        '%zz',
      ],
      ...[
        '\r\nX-Evil: 1',
        '%0d%0aX-Evil:1',
        '\n',
        '\t',
        '\u0000',
        '\u007f',
        '#',
        '?',
        '&a=',
        ';',
        ' ',
        'locks',
      ],
      ...['\ud800', '\udfff', '\u2028', '\ufeff', 'é', '😀', '%C3%A9', '%ff', ':', 'x', '*', '~'],
    )
    const path = fc
      .tuple(fc.constantFrom('/api/coord/', '', '/'), fc.array(bit, { maxLength: 6 }))
      .map(([head, bits]) => (head + bits.join('')).replaceAll('EVIL', evil()))
    const method = fc.constantFrom(
      ...['POST', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'HEAD', 'post', ' put '],
      ...['TRACE', 'CONNECT', 'OPTIONS', '', 'POST\r\nX-Evil: 1', '__proto__', 'toString', 'PÖST'],
    )
    const body = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('{}', 'null', '"text\\r\\nX-Evil: 1"', '"\\ud800"', '1e999', '-0'),
      },
      { weight: 2, arbitrary: fc.constantFrom('{"__proto__":{"method":"DELETE"}}', '{"constructor":1}') },
      { weight: 1, arbitrary: fc.constantFrom(deep(10_000), `"${'x'.repeat(1024 * 1024)}"`) },
    )
    const text = fc.oneof(
      {
        weight: 8,
        arbitrary: fc
          .tuple(method, path, body)
          .map(([m, p, b]) => `{"method":${JSON.stringify(m)},"path":${JSON.stringify(p)},"body":${b}}`),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(path, fc.constantFrom('__proto__', 'constructor', 'headers', 'ts', 'host', 'url', 'method'))
          .map(
            ([p, key]) =>
              `{"method":"POST","path":"/api/coord/ok","${key}":{"x-evil":"1","path":${JSON.stringify(p)}}}`,
          ),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(deep(10_000), '{"a":'.repeat(10_000), '}{', '{"', '\\\\EVIL\\x'),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 10 }), async (lines) => {
        const at = place(true, IN_MEMORY)
        seen.length = 0
        try {
          at.add(lines.map((l) => `${l}\n`).join(''))
          const done = await at.flush(server.url)
          expect(done.waiting).toBe(0)
          expect(done.delivered + done.setAside + done.skipped).toBeGreaterThanOrEqual(lines.length)
          expectNoEscape()
          const opened = at.open(server.url)
          const s = await opened.box.summary()
          const rows = [
            ...(await opened.box.list('set-aside', 200)),
            ...(await opened.box.list('skipped', 200)),
          ]
          await opened.close()
          expect(s.setAside).toHaveLength(done.setAside)
          expect(rows).toHaveLength(s.setAside.length + s.skipped.length)
          for (const row of rows) {
            expect(row.reason.length).toBeGreaterThan(3)
            expect(typeof row.raw === 'string' ? row.raw : row.raw.base64).not.toBe('')
          }
          expect(() => JSON.stringify(s)).not.toThrow()
        } finally {
          at.remove()
        }
      }),
      { numRuns: process.env['COORD_LONG'] === '1' ? 500 : 40 },
    )
    expect(strangers).toBe(0)
  })
})
