import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { causeText } from '../../../../shared/cause.ts'
import { checkPath } from './check-path.ts'

const BASE = 'http://127.0.0.1:8001'

describe('checkPath', () => {
  it.each([
    'http://evil.test/api/coord/locks',
    'HTTPS://evil',
    '//evil.test/api/coord/x',
    '/\\evil',
    '\\\\evil\\x',
    '@evil.test/',
    'evil',
    '',
    '/',
    '/api',
    '/api/coord',
    '/api/coordx/y',
    '/API/COORD/x',
    '/api/coord/../admin',
    '/api/coord/%2e%2e/admin',
    '/api/coord/.%2E/x',
    '/api/coord/%252e%252e/x',
    '/api/coord/%25252e%25252e/x',
    '/api/coord/%252e%252e/%25zz',
    '/api/coord/..%2fx',
    '/api/coord/x%5c..%5cy',
    '/api/coord/x\\y',
    '/api/coord/%00',
    '/api/coord/a%0d%0aHost:%20x',
    '/api/coord/a\r\nHost: x',
    '/api/coord/a\tb',
    '/api/coord/a%7f',
    '/api/coord/x#y',
    '/api/coord/x%23y',
    '/api/coord/x?a=1#b',
    '/api/coord/x?a=\r\nb',
    '/api/coord/x?a=\u0000',
    '/api/coord/%',
    '/api/coord/%zz',
    '/api/coord/%ff',
    '/api/coord/\ud800',
    '/api/coord/%2500',
    '/%61pi/coord/x',
    ' /api/coord/x',
  ])('refuses %j', (path) => {
    const checked = checkPath(path)
    expect(checked.ok ? checked.value : causeText({ code: 'refused', what: checked.error })).toMatch(
      /^refused: /,
    )
  })

  it.each([
    [
      '/api/coord/locks?session_id=M%2Fname&release_all=true',
      '/api/coord/locks?session_id=M%2Fname&release_all=true',
    ],
    ['/api/coord/components/p/näme x', '/api/coord/components/p/n%C3%A4me%20x'],
    ['/api/coord/locks?session_id=M/ü "q"', '/api/coord/locks?session_id=M/%C3%BC%20%22q%22'],
    ['/api/coord/components/p/50%25', '/api/coord/components/p/50%25'],
    ['/api/coord/components/p/a%2Fb', '/api/coord/components/p/a%2Fb'],
    ['/api/coord/messages/1/read', '/api/coord/messages/1/read'],
    ['/api/coord/locks?x=..%2f..&y=%00', '/api/coord/locks?x=..%2f..&y=%00'],
    ['/api/coord/components/p/😀', '/api/coord/components/p/%F0%9F%98%80'],
  ])('accepts %j', (path, sent) => {
    expect(checkPath(path)).toEqual({ ok: true, value: sent })
  })

  it('property: what is accepted stays on the origin and below /api/coord/, decoded as often as anybody likes', () => {
    const bit = fc.oneof(
      fc.constantFrom(
        '/',
        '..',
        '.',
        '%2e',
        '%252e',
        '%25',
        '%2f',
        '%5c',
        '\\',
        '@',
        ':',
        '#',
        '?',
        '//',
        '%00',
        '\r\n',
        'evil.test',
        'é',
        '%C3%A9',
        '%zz',
        ';',
        'a',
        '%09',
        '\u2028',
      ),
      fc.string({ maxLength: 4, unit: 'binary' }),
    )
    fc.assert(
      fc.property(
        fc.constantFrom('/api/coord/', '', '/', '/api/coord'),
        fc.array(bit, { maxLength: 8 }),
        (head, bits) => {
          const checked = checkPath(head + bits.join(''))
          if (!checked.ok) return
          expect(checked.value).toMatch(/^[\x21-\x7e]+$/)
          const url = new URL(checked.value, BASE)
          expect(url.origin).toBe(BASE)
          expect(url.pathname.startsWith('/api/coord/')).toBe(true)
          expect(url.hash).toBe('')
          let bare = url.pathname
          for (let i = 0; i < 12; i++)
            bare = bare.replace(/%([0-9a-f]{2})/gi, (_, h: string) => String.fromCharCode(parseInt(h, 16)))
          expect(bare).not.toMatch(/\.\.|\\/)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})
