/** What commands remember is a service: what stands there may be anybody's, and stops nothing. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readMemory, remember } from './memory.ts'
import { fakeApi, place, type Place } from './testing/coord.ts'

let at: Place
beforeEach(() => (at = place('http://127.0.0.1:9')))
afterEach(() => at.remove())
const here = (): Parameters<typeof readMemory>[0] => ({
  home: at.home,
  baseUrl: 'http://127.0.0.1:9',
  machine: { name: 'BOX', aliases: [] },
})
const file = (): string => join(at.home, 'terminal.json')

it.each([
  ['no JSON', '{oh'],
  ['a list', '[]'],
  ['other fields', '{"server":"http://127.0.0.1:9","machine":"BOX"}'],
  [
    'other types',
    '{"server":"http://127.0.0.1:9","machine":"BOX","status":{"asOf":5},"ids":{"locks":7},"projects":5,"sessions":[1]}',
  ],
])(
  '%s is nothing remembered; status and completion go on, and what is learned replaces it',
  async (_what, text) => {
    writeFileSync(file(), text)
    expect(readMemory(here()).projects).toEqual([])
    expect(await at.coord(['status', '--json'])).toMatchObject({ code: 0, json: { locks: null, asOf: null } })
    expect(await at.coord(['__complete', '1', 'release', ''])).toMatchObject({ code: 0, stdout: ':none\n' })
    remember(here(), { projects: ['p', null, ''] })
    expect(readMemory(here()).projects).toEqual(['p'])
  },
)

it('is of one API and one machine alone, this user’s, bounded, and holds no text of a message', async () => {
  const api = await fakeApi((hit) =>
    hit.url.startsWith('/api/coord/messages')
      ? {
          body: Array.from({ length: 500 }, (_, i) => ({
            id: i,
            to_session: 'BOX/a',
            subject: 's',
            body: 'private',
          })),
        }
      : undefined,
  )
  expect((await at.coord(['messages'], { env: { COORD_API_URL: api.url } })).code).toBe(0)
  await api.close()
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  const text = readFileSync(file(), 'utf8')
  expect(text).not.toContain('private')
  expect((JSON.parse(text) as { ids: { messages: unknown[] } }).ids.messages).toHaveLength(200)
  expect(readMemory(here()).ids).toEqual({})
  remember(here(), { projects: ['q'] })
  expect(readMemory({ ...here(), machine: { name: 'OTHER', aliases: [] } }).projects).toEqual([])
})
