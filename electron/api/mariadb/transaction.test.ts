/** When a transaction is made again, and when it must not be: with a connection that does what the test says. */
import { expect, test } from 'vitest'
import type { Link } from './link.ts'
import type { Pool } from './pool.ts'
import { transact } from './transaction.ts'

const failed = (errno: number): Error => Object.assign(new Error(`error ${errno}`), { errno })
const lost = (): Error => Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' })

/** `said`: what the statements of each attempt end with, by their beginning; an attempt that has none goes well. */
function poolThat(said: readonly Readonly<Record<string, () => Error>>[]) {
  const asked: string[] = []
  let attempts = 0
  const pool = {
    use: (work: (link: Link) => Promise<unknown>) => {
      const attempt = said[attempts++] ?? {}
      const link = {
        isBroken: false,
        destroy: () => undefined,
        plain(sql: string) {
          asked.push(sql)
          const end = attempt[sql]?.()
          if (end === undefined) return Promise.resolve([])
          link.isBroken = 'code' in end
          return Promise.reject(end)
        },
      }
      return work(link as unknown as Link)
    },
  }
  return { pool: pool as unknown as Pool, asked, attempts: () => attempts }
}
const doIt = async (pool: Pool): Promise<unknown> =>
  transact(pool, async (tx) => {
    await tx.plain('WORK')
    return 'done'
  })

test.each([1020, 1205, 1213])(
  'two that met (%i), at a statement or at COMMIT: undone, and the whole transaction is made again',
  async (errno) => {
    const meets = { WORK: () => failed(errno) }
    const meetsLate = { COMMIT: () => failed(errno) }
    const { pool, asked } = poolThat([meets, meetsLate])
    expect(await doIt(pool)).toEqual({ ok: true, value: 'done' })
    expect(asked).toEqual([
      ...['START TRANSACTION', 'WORK', 'ROLLBACK'],
      ...['START TRANSACTION', 'WORK', 'COMMIT', 'ROLLBACK'],
      ...['START TRANSACTION', 'WORK', 'COMMIT'],
    ])
  },
)

test('a connection that goes before COMMIT undoes everything: another one makes it again', async () => {
  const { pool, attempts } = poolThat([{ 'START TRANSACTION': lost }, { WORK: lost }])
  expect(await doIt(pool)).toEqual({ ok: true, value: 'done' })
  expect(attempts()).toBe(3)
})

test('a connection that goes at COMMIT may have committed: it is not made again, and is no success', async () => {
  const { pool, attempts } = poolThat([{ COMMIT: lost }])
  expect(await doIt(pool)).toMatchObject({ ok: false, error: { code: 'unreadable' } })
  expect(attempts()).toBe(1)
})

test('what is neither is no fault of the database: it is thrown, undone and not made again', async () => {
  const { pool, asked } = poolThat([{ WORK: () => failed(1062) }])
  await expect(doIt(pool)).rejects.toThrow('1062')
  expect(asked).toEqual(['START TRANSACTION', 'WORK', 'ROLLBACK'])
})
