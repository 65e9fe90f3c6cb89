/** What a list costs, and what is found of it, while rows come and go: no server's good will ends a reading. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { HttpOutcome } from '../ports.ts'
import { UNKNOWN_SERVER } from './connection-port.ts'
import { readList, type ListRead } from './read-list.ts'

type Row = { readonly id: string }
interface List {
  /** Oldest first. */
  readonly rows: Row[]
  readonly size: number
}
interface Shown {
  readonly body: readonly unknown[]
  readonly link?: string
}
/** How a server answers a query. */
type Way = (list: List, query: URLSearchParams, asked: number) => Shown

const schema = z.object({ id: z.string() })
const offsetOf = (query: URLSearchParams): number => Number(query.get('offset') ?? 0)
const newestFirst = (rows: readonly Row[]): readonly Row[] => rows.toReversed()
const window = (rows: readonly Row[], from: number, size: number): Shown => ({
  body: rows.slice(from, from + size),
})

const HONEST: Readonly<Record<string, Way>> = {
  'oldest first': ({ rows, size }, query) => window(rows, offsetOf(query), size),
  'newest first': ({ rows, size }, query) => window(newestFirst(rows), offsetOf(query), size),
  'newest first, by numbered links': ({ rows, size }, query) => {
    const page = Number(query.get('page') ?? 1)
    const link = `</api/coord/locks?page=${page + 1}>; rel="next"`
    return {
      ...window(newestFirst(rows), (page - 1) * size, size),
      ...(page * size < rows.length ? { link } : {}),
    }
  },
}
const IGNORING: Readonly<Record<string, Way>> = {
  'oldest first': ({ rows, size }) => window(rows, 0, size),
  'newest first': ({ rows, size }) => window(newestFirst(rows), 0, size),
  'the newest ones, oldest of them first': ({ rows, size }) =>
    window(rows, Math.max(0, rows.length - size), size),
  'newest first, with a link that is new each time': ({ rows, size }, _, asked) => ({
    ...window(newestFirst(rows), 0, size),
    link: `</api/coord/locks?page=${asked + 1}>; rel="next"`,
  }),
  'nothing, with a link that is new each time': (_, __, asked) => ({
    body: [],
    link: `</api/coord/locks?after=${asked}>; rel="next"`,
  }),
  'rows that cannot be read': ({ size }, _, asked) => ({
    body: [{ id: asked }, ...Array.from({ length: size - 1 }, () => null)],
  }),
  'its rows, and now and then none': ({ rows, size }, query) =>
    offsetOf(query) > size ? { body: [] } : window(rows, offsetOf(query), size),
}

interface Reading {
  readonly read: ListRead<Row>
  readonly asked: number
  readonly shown: ReadonlySet<string>
  readonly rows: readonly Row[]
}

/** Reads a list of `count` rows; after each page some come, and some of the oldest go. */
async function readWhile(
  way: Way,
  {
    count,
    size,
    changes,
  }: { count: number; size: number; changes: (page: number) => { come?: number; go?: number } },
): Promise<Reading> {
  let next = 0
  const come = (n: number): Row[] => Array.from({ length: n }, () => ({ id: `r${next++}` }))
  const list: List = { rows: come(count), size }
  const shown = new Set<string>()
  let asked = 0
  const get = (path: string): Promise<HttpOutcome> => {
    const given = way(list, new URLSearchParams(path.split('?')[1]), ++asked)
    for (const row of given.body) {
      const parsed = schema.safeParse(row)
      if (parsed.success) shown.add(parsed.data.id)
    }
    const change = changes(asked)
    list.rows.splice(0, change.go ?? 0)
    list.rows.push(...come(change.come ?? 0))
    return Promise.resolve({
      kind: 'answer',
      status: 200,
      headers: given.link === undefined ? {} : { link: given.link },
      text: JSON.stringify(given.body),
      isCut: false,
    } as HttpOutcome)
  }
  const spec = {
    name: 'locks',
    schema,
    path: '/api/coord/locks',
    query: {},
    keyOf: (row: Row) => row.id,
  } as const
  const read = await readList({ server: () => UNKNOWN_SERVER, get }, spec)
  return { read, asked, shown, rows: list.rows }
}
const idsOf = ({ read }: Reading): ReadonlySet<string> =>
  new Set(read.kind === 'rows' ? read.rows.map(({ id }) => id) : [])
const missingIn = (reading: Reading, ids: Iterable<string>): string[] => {
  const found = idsOf(reading)
  return [...ids].filter((id) => !found.has(id))
}

const size = fc.constantFrom(20, 25, 32, 100)
/** What comes after each page, as a part of a page; nothing where the last of them is over. */
const parts = (most: number) => fc.array(fc.double({ min: 0, max: most, noNaN: true }), { maxLength: 12 })

describe('a server that ignores the way on, while rows come with each page', () => {
  it.each(Object.entries(IGNORING))(
    'and shows %s: a handful of requests, and nothing shown is lost',
    async (_, way) => {
      await fc.assert(
        fc.asyncProperty(
          size,
          fc.integer({ min: 0, max: 400 }),
          parts(0.45),
          fc.boolean(),
          async (n, more, come, isSteady) => {
            const partOf = (page: number): number => (isSteady ? (come[0] ?? 0) : (come[page - 1] ?? 0))
            const reading = await readWhile(way, {
              count: n + more,
              size: n,
              changes: (page) => ({ come: Math.floor(partOf(page) * n) }),
            })
            expect(reading.asked).toBeLessThanOrEqual(10)
            expect(missingIn(reading, reading.shown)).toEqual([])
          },
        ),
        { numRuns: 200 },
      )
    },
  )
  it('one row that came is not the end of the list: its cap is said', async () => {
    for (const name of [
      'newest first',
      'the newest ones, oldest of them first',
      'newest first, with a link that is new each time',
    ]) {
      const reading = await readWhile(IGNORING[name] as Way, {
        count: 300,
        size: 100,
        changes: (page) => ({ come: page === 1 ? 1 : 0 }),
      })
      expect([name, reading.read.kind === 'rows' && reading.read.cap !== null]).toEqual([name, true])
      expect(idsOf(reading).size).toBeGreaterThanOrEqual(100)
    }
  })
})

describe('an honest server', () => {
  it.each(Object.entries(HONEST))(
    '%s, while rows come: all that stood are found, in few requests',
    async (_, way) => {
      await fc.assert(
        fc.asyncProperty(size, fc.integer({ min: 0, max: 2_000 }), parts(0.45), async (n, count, come) => {
          const reading = await readWhile(way, {
            count,
            size: n,
            changes: (page) => ({ come: Math.floor((come[page - 1] ?? 0) * n) }),
          })
          const stood = Array.from({ length: count }, (_, i) => `r${i}`)
          expect(missingIn(reading, stood)).toEqual([])
          // a round number of rows on one page may be a cap
          if (count > n) expect(reading.read).toMatchObject({ cap: null })
          expect(reading.asked).toBeLessThanOrEqual(reading.rows.length / (n - 1) + 2)
        }),
        { numRuns: 200 },
      )
    },
  )
  it('newest first, while pages and pages come at once, now and then', async () => {
    await fc.assert(
      fc.asyncProperty(
        size,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 3 }),
        async (n, at, pages) => {
          const reading = await readWhile(HONEST['newest first'] as Way, {
            count: 15 * n + 3,
            size: n,
            changes: (page) => ({ come: page === at ? pages * n : 0 }),
          })
          const stood = Array.from({ length: 15 * n + 3 }, (_, i) => `r${i}`)
          expect(missingIn(reading, stood)).toEqual([])
        },
      ),
      { numRuns: 200 },
    )
  })
  it('oldest first, while the oldest go: what stood is found, however much went', async () => {
    const going = fc.array(fc.integer({ min: 0, max: 250 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(size, fc.integer({ min: 0, max: 2_000 }), going, async (n, count, go) => {
        const reading = await readWhile(HONEST['oldest first'] as Way, {
          count,
          size: n,
          changes: (page) => ({ go: go[page - 1] ?? 0 }),
        })
        expect(
          missingIn(
            reading,
            reading.rows.map(({ id }) => id),
          ),
        ).toEqual([])
        expect(reading.asked).toBeLessThanOrEqual((4 * count) / (n - 1) + 8)
      }),
      { numRuns: 300 },
    )
  })
  it('oldest first, while many go at once, and some more while one goes back for what they hid', async () => {
    const few = fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 8 })
    const [late, many] = [fc.integer({ min: 3, max: 12 }), fc.integer({ min: 1, max: 250 })]
    await fc.assert(
      fc.asyncProperty(size, late, many, few, async (n, at, gone, more) => {
        const reading = await readWhile(HONEST['oldest first'] as Way, {
          count: 20 * n,
          size: n,
          changes: (page) => ({ go: page === at ? gone : page > at ? (more[page - at - 1] ?? 0) : 0 }),
        })
        expect(
          missingIn(
            reading,
            reading.rows.map(({ id }) => id),
          ),
        ).toEqual([])
        expect(reading.asked).toBeLessThanOrEqual(4 * 20 + 8)
      }),
      { numRuns: 300 },
    )
  })
  it('and rows that cannot be read are counted once each, and end nothing', async () => {
    const strange: Way = ({ rows, size }, query) => {
      const all = [...Array.from({ length: 600 }, (_, i) => ({ id: i })), null, null, ...rows]
      return { body: all.slice(offsetOf(query), offsetOf(query) + size) }
    }
    const reading = await readWhile(strange, { count: 30, size: 100, changes: () => ({}) })
    expect(reading.read).toMatchObject({ unreadable: 602, cap: null, rows: { length: 30 } })
  })
})
