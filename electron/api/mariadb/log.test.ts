/** The log of changes on a real MariaDB: whatever order transactions commit in, each change is told of once, or that some were missed. */
import fc from 'fast-check'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LogPlace } from '../log-place.ts'
import type { Store } from '../store.ts'
import { databaseNameOf, NO_MARIADB, startMariaDb, type TestDatabaseServer } from '../testing/mariadb.ts'
import { openTestStore } from '../testing/store.ts'

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

const RUNS = process.env.COORD_LONG ? 300 : 20
const CONNECTIONS = 4

const steps = fc.array(
  fc.record({
    act: fc.constantFrom(
      'write',
      'write',
      'write',
      'commit',
      'commit',
      'roll back',
      'look',
      'look',
      'leap',
      'cut',
    ),
    by: fc.nat(CONNECTIONS - 1),
    n: fc.constantFrom(1, 1, 1, 2, 3, 600, 1_100),
  }),
  { minLength: 4, maxLength: 30 },
)

describe.skipIf(NO_MARIADB !== undefined)('the log of changes on MariaDB', () => {
  let database: TestDatabaseServer
  let store: Store
  let name: string
  let links: Connection[]

  beforeAll(async () => {
    database = await startMariaDb()
    const address = await database.newDatabase()
    store = await openTestStore(address)
    name = databaseNameOf(address)
    links = await Promise.all(Array.from({ length: CONNECTIONS }, () => database.open()))
  })
  afterAll(async () => {
    for (const link of links) link.destroy()
    await store.close()
    await database.remove()
  })

  /** A reader of the real log, and writers that end as they are told to. */
  class Reader {
    readonly #place = new LogPlace(() => this.#now)
    #now = 0
    #ids = 0
    readonly #open = new Map<Connection, string[]>()
    readonly owed = new Set<string>()
    readonly told: string[] = []
    readonly #run = Math.random().toString(36).slice(2)

    async look(limit: number): Promise<void> {
      const found = await store.changes(this.#place.position, limit, this.#place.toAskFor())
      if (!found.ok) throw new Error(found.error.message)
      const news = this.#place.take(found.value)
      if (news === null) return this.owed.clear()
      for (const { id } of news) {
        this.told.push(id)
        this.owed.delete(id)
      }
    }
    async write(link: Connection, n: number): Promise<void> {
      const ids = Array.from({ length: n }, () => `${this.#run}-${++this.#ids}`)
      const mine = this.#open.get(link)
      if (mine === undefined) await link.query('BEGIN')
      this.#open.set(link, [...(mine ?? []), ...ids])
      const rows = ids.map((id) => `('locks', 'claimed', '${id}', UTC_TIMESTAMP(3))`)
      await link.query(`INSERT INTO ${name}.changes (kind, act, id, at) VALUES ${rows.join(', ')}`)
    }
    async end(link: Connection, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
      await link.query(how)
      if (how === 'COMMIT') for (const id of this.#open.get(link) ?? []) this.owed.add(id)
      this.#open.delete(link)
    }
    /** Numbers that were given and never come. */
    async leap(by: number): Promise<void> {
      const link = await database.open()
      await link.query('BEGIN')
      await link.query(
        `INSERT INTO ${name}.changes (kind, act, id, at) SELECT '', '', '', UTC_TIMESTAMP(3) FROM ${name}.seq_1_to_${by}`,
      )
      link.destroy()
    }
    async finish(): Promise<void> {
      for (const link of links) await this.end(link, 'COMMIT')
      for (let left = 8; left > 0; left--) {
        this.#now += 1_000
        await this.look(1_000)
        await this.look(1_000)
      }
    }
  }

  test('transactions that commit, roll back and leap in any order: each change once, or the word that some were missed', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (acts) => {
        const reader = new Reader()
        await reader.look(1)
        for (const { act, by, n } of acts) {
          const link = links[by]
          if (!link) throw new Error('no such connection')
          if (act === 'write') await reader.write(link, n)
          else if (act === 'commit') await reader.end(link, 'COMMIT')
          else if (act === 'roll back') await reader.end(link, 'ROLLBACK')
          else if (act === 'leap') await reader.leap(n * 5)
          else if (act === 'cut') await store.sweep(0)
          else await reader.look(n)
        }
        await reader.finish()
        expect([...reader.owed]).toEqual([])
        expect(new Set(reader.told).size).toBe(reader.told.length)
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  })

  test('what came late is found at once, also where as many between are missing for ever and not looked for now', async () => {
    const link = await database.open()
    const insert = async (seqs: readonly number[]): Promise<void> => {
      const values = seqs.map((seq) => `(${seq}, 'locks', 'claimed', 'late-${seq}', UTC_TIMESTAMP(3))`)
      await link.query(`INSERT INTO ${name}.changes (seq, kind, act, id, at) VALUES ${values.join(', ')}`)
    }
    const [rows] = await link.query<(RowDataPacket & { next: number })[]>(
      `SELECT COALESCE(MAX(seq), 0) + 1000 AS next FROM ${name}.changes`,
    )
    const base = Number(rows[0]?.next)
    const gap = (n: number) => ({ from: base + n, to: base + n })
    const seqs = (...ns: number[]) => ns.map((n) => gap(n).from)
    await insert(seqs(0, 1, 2, 4, 6, 7, 9))
    const missing = { now: [gap(3), gap(8)], all: [gap(3), gap(5), gap(8)] }
    const look = async () => {
      const found = await store.changes(gap(9).to, 100, missing)
      return found.ok ? found.value.entries.map(({ seq }) => seq) : found.error
    }
    expect(await look()).toEqual([])
    await insert(seqs(8))
    expect(await look()).toEqual(seqs(8))
    link.destroy()
  })
})
