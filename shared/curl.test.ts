import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { toCurl } from './curl.ts'

const call = (path: string | null, line: object): { method: string; path: string | null; raw: string } => ({
  method: 'POST',
  path,
  raw: JSON.stringify(line),
})

describe('a call as a curl line', () => {
  it('quotes everything', () => {
    expect(
      toCurl(call('/api/coord/locks', { body: { text: "it's; $(rm -rf /)" } }), 'http://127.0.0.1:8001/'),
    ).toBe(
      `curl -sS -f -X 'POST' -H 'Content-Type: application/json' --data-binary '{"text":"it'\\''s; $(rm -rf /)"}' -- 'http://127.0.0.1:8001/api/coord/locks'`,
    )
  })

  it('gives the shell the very words, whatever they hold', async () => {
    const body = `'"\`$HOME\\ \n;|&<>*?~!#{}[]()`
    const line = toCurl(call('/-x?a=%27&b', { body }), 'http://127.0.0.1:1') ?? ''
    const { stdout } = await promisify(execFile)('sh', ['-c', line.replace(/^curl/, `printf '%s\\0'`)])
    expect(stdout.split('\0').slice(0, -1)).toEqual([
      ...['-sS', '-f', '-X', 'POST', '-H', 'Content-Type: application/json', '--data-binary', body],
      ...['--', 'http://127.0.0.1:1/-x?a=%27&b'],
    ])
  })

  it('sends an id beyond 2^53 as it was written', () => {
    const raw = '{"method":"POST","path":"/x","body":{"id":1783726489912345601}}'
    expect(toCurl({ ...call('/x', {}), raw }, 'http://x')).toContain(`'{"id":1783726489912345601}'`)
  })

  it.each(['http://other/x', '//other/x', '@other/x', '.other/x', ':1@other/x', 'x', ''])(
    'has no line for the path %j, which would send it to somebody else',
    (path) => {
      const line = toCurl(call(path, { body: {} }), 'http://coord.example')
      if (line !== undefined) expect(line).toMatch(/ 'http:\/\/coord\.example\/[^']*'$/)
      if (!path.startsWith('/')) expect(line).toBeUndefined()
    },
  )

  it('has no line for what a terminal would show as something else', () => {
    expect(toCurl(call('/api/coord/\u001b[2J', {}), 'http://x')).toBeUndefined()
    expect(toCurl({ ...call('/x', {}), method: 'PO\u001bST' }, 'http://x')).toBeUndefined()
  })

  it('sends no body where the call has none', () => {
    expect(toCurl(call('/x', { body: null }), 'http://127.0.0.1:1')).toBe(
      `curl -sS -f -X 'POST' -- 'http://127.0.0.1:1/x'`,
    )
    expect(toCurl({ ...call('/x', {}), raw: 'torn {' }, 'http://x')).not.toContain('--data-binary')
  })

  it('has no line for what is no call, or whose bytes are no text', () => {
    expect(toCurl({ ...call('/x', {}), method: null }, 'http://x')).toBeUndefined()
    expect(toCurl(call(null, {}), 'http://x')).toBeUndefined()
    expect(toCurl({ ...call('/x', {}), raw: { base64: '/w==' } }, 'http://x')).toBeUndefined()
  })
})
