/** Shortened IDs: one meaning or none. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isShortened, resolveId, resolveIds, shortIds } from './ids.ts'
import { fakeApi, place, type FakeApi, type Place } from './testing/coord.ts'

const A = '3f2a9c1e-0000-4000-8000-00000000000a'
const B = '3f2a9c1e-0000-4000-8000-00000000000b'
const C = '3f2b0000-0000-4000-8000-00000000000c'
const named = (...ids: string[]) => ids.map((id) => ({ id, text: `what ${id} is` }))

describe('the beginning of an ID', () => {
  it.each([
    ['a unique one', '3f2b', C],
    ['in capitals', '3F2B', C],
    ['the whole', A, A],
    ['of nothing', 'ffff', 'ffff'],
    ['short, of nothing', 'fff', 'fff'],
  ])('%s', (_what, given, expected) => {
    expect(resolveId(given, named(A, B, C))).toBe(expected)
  })
  it('that several have is an error that names them', () => {
    expect(() => resolveId('3f2a', named(A, B, C))).toThrow(new RegExp(`${A}.*\n.*${B}`))
    expect(() => resolveId('3f2a', named(A, B, C))).not.toThrow(C)
  })
  it('too short to act on is an error that names what it begins, also where that is one', () => {
    expect(() => resolveId('3f2', named(A, B, C))).toThrow(/^3f2 begins these 3; name more of it, 4 .*:\n/)
    expect(() => resolveId('7', named(A, '7f2b0000-0000-4000-8000-00000000000c'))).toThrow(
      '7 begins this one',
    )
    // the whole of one that is gone
    expect(resolveId('l1', named('l10', 'l11'))).toBe('l1')
  })
  it('of a number is another number: nothing that is gone is taken for what is still there', () => {
    expect(resolveId('1234', named('12345', '1234567'))).toBe('1234')
    expect(isShortened('1234')).toBe(false)
  })
  it('a whole part goes before a part of a part', () => {
    const calls = named('00000001-ab.12.0', '00000001-ab.120.0', '00000001-abc.12.0')
    expect(resolveId('00000001-ab.12', calls)).toBe('00000001-ab.12.0')
    expect(() => resolveId('00000001', calls)).toThrow('may be any of these')
  })
  it('asks for the list only where one is shortened', async () => {
    let asked = 0
    const list = () => Promise.resolve((asked++, named(A, C)))
    expect(await resolveIds([A, '00000001-ab.12.0'], list)).toEqual([A, '00000001-ab.12.0'])
    expect(asked).toBe(0)
    expect(await resolveIds([A, '3f2b'], list)).toEqual([A, C])
    expect(asked).toBe(1)
  })
})

it('what is shown short is taken back, whatever else is shown', () => {
  const ids = [
    A,
    B,
    C,
    '7',
    '12345',
    '00000001-ab.12.0',
    '00000001-ab.12.1',
    '00000002-ab.0.0',
    '00000002-cd.0.0',
  ]
  const short = shortIds(ids)
  expect(short(C)).toBe('3f2b0000')
  expect(short('00000001-ab.12.0')).toBe('1.12')
  expect(short('00000002-ab.0.0')).toBe('00000002-ab')
  expect(short('12345')).toBe('12345')
  for (const id of ids) expect(resolveId(short(id), named(...ids))).toBe(id)
})

describe('in commands', () => {
  let at: Place
  let api: FakeApi
  beforeEach(async () => {
    at = place()
    const lock = (id: string): object => ({
      id,
      project_key: 'p',
      session_id: 'BOX/coord',
      resource: id.slice(-1),
    })
    api = await fakeApi((hit) => {
      if (hit.method !== 'GET') return undefined
      if (hit.url.startsWith('/api/coord/locks')) return { body: [A, B, C].map(lock) }
      if (hit.url.startsWith('/api/coord/messages'))
        return {
          body: [A, B].map((id) => ({ id, from_session: 'FAR/x', to_session: 'BOX/coord', subject: id })),
        }
      if (hit.url.startsWith('/api/coord/wor'))
        return { body: [A, B].map((id) => ({ id, name: id, title: id })) }
      return undefined
    })
    at.env['COORD_API_URL'] = api.url
  })
  afterEach(async () => {
    await api.close()
    at.remove()
  })
  it.each([
    [['release', '3f2a']],
    [['release', '3']],
    [['release', '3', '--dry-run']],
    [['renew', '3f2a']],
    [['messages', 'read', '3f2a']],
    [['messages', 'receipts', '3f2a']],
    [['send', '--to', 'BOX/a', '--project', 'p', '--subject', 's', '--reply-to', '3f2a']],
    [['item', 'add', '3f2a', 't']],
    [['item', 'set', '3f2a', 'completed']],
    [['item', 'claim', '3f2a']],
    [['item', 'list', '3f2a']],
  ])('%j: an ambiguous one is wrong usage that names the candidates, and nothing is done', async (args) => {
    const ran = await at.coord(args)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(A)
    expect(ran.stderr).toContain(B)
    expect(api.writes()).toEqual([])
  })
  it.each([
    [['release', '3f2a9c1e']],
    [['messages', 'read', '3f2a9c1e']],
    [['item', 'set', '3f2a9c1e', 'completed']],
  ])('%j while the API is away: a shortened one cannot be looked up, and is not queued', async (args) => {
    const ran = await at.coord(args, { env: { COORD_API_URL: 'http://127.0.0.1:9' } })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('(3f2a9c1e)')
    expect(at.queue()).toEqual([])
  })
})
