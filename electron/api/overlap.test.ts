/** Locks that overlap conflict, in the server as the shared rule says; found by an index, judged by that rule. */
import { serveHere } from './testing/serving.ts'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resourcesOverlap } from '../../shared/resource-overlap.ts'
import type { Serving } from './serve.ts'
import { call, tempFolder } from './testing/server.ts'

let folder: Awaited<ReturnType<typeof tempFolder>>
let serving: Serving
let project = 0

beforeAll(async () => {
  folder = await tempFolder()
  serving = await serveHere({
    database: join(folder.path, 'coord.db'),
  })
})
afterAll(async () => {
  await serving.close()
  await folder.remove()
})

const claim = (session_id: string, resource: string) =>
  call(serving.url, 'POST', '/api/coord/locks', { project_key: `p${project}`, session_id, resource })

test('a lock on a folder refuses what is beneath, and 409 names both', async () => {
  project++
  const { body: held } = await claim('M/a', 'src/')
  const refused = await claim('M/b', 'src/api/x.rs')
  expect(refused.status).toBe(409)
  expect(refused.body).toMatchObject({
    detail: 'src/api/x.rs overlaps src/, held by M/a',
    lock: { id: held.id, resource: 'src/', refused: [{ session_id: 'M/b' }] },
    resource: 'src/api/x.rs',
  })
  expect((await claim('m/a', 'src/api/x.rs')).status).toBe(201)
  expect((await claim('M/b', 'srcs/x.rs')).status).toBe(201)
})

test('the top itself is what everything lies beneath', async () => {
  for (const [one, other] of [
    ['src/a.rs', '/'],
    ['/', 'src/a.rs'],
    ['./', 'src/'],
  ] as const) {
    project++
    expect((await claim('M/a', one)).status).toBe(201)
    expect((await claim('M/b', other)).status).toBe(409)
  }
})

test('every lock that stands in the way is told of the refusal', async () => {
  project++
  await claim('M/a', 'src/a.rs')
  await claim('M/b', 'src/b.rs')
  await claim('M/c', 'test/c.rs')
  expect((await claim('M/d', 'src/**')).status).toBe(409)
  const { body } = await call(serving.url, 'GET', `/api/coord/locks?project_key=p${project}`)
  expect(body.map((l: { refused: unknown[] }) => l.refused.length)).toEqual([1, 1, 0])
})

test('for any two resources the server refuses exactly what the shared rule calls an overlap', async () => {
  const part = fc.constantFrom('a', 'b', 'ab', '*', '?', 'a*', '**', '.', '', 'é', 'e\u0301')
  const resource = fc
    .tuple(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('', '/'),
      fc.constantFrom('', '', './', '/', 'git:'),
    )
    .map(([parts, end, start]) => start + parts.join('/') + end)
    .filter((name) => name !== '')
  await fc.assert(
    fc.asyncProperty(resource, resource, async (one, other) => {
      project++
      expect((await claim('M/a', one)).status).toBe(201)
      expect([one, other, (await claim('M/b', other)).status]).toEqual([
        one,
        other,
        resourcesOverlap(one, other) ? 409 : 201,
      ])
    }),
    { numRuns: process.env.COORD_LONG ? 5_000 : 400 },
  )
})

test('a pattern has at most 256 characters', async () => {
  project++
  expect((await claim('M/a', `${'a'.repeat(300)}`)).status).toBe(201)
  expect((await claim('M/a', `${'a'.repeat(300)}*`)).body).toMatchObject({ field: 'resource' })
})
