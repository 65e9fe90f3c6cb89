import { expect, it } from 'vitest'
import type { LockView } from '../../shared/snapshot.ts'
import type { Acts, Question } from '../data/acts.ts'
import { releaseAll } from './release-all.ts'

it('names every lock that it releases, also those beyond the first page', async () => {
  const rows = Array.from({ length: 2_500 }, (_, n) => ({
    id: String(n),
    resource: `r${n}`,
    project: null,
    session: 'M/a',
    isMine: true,
  })) as unknown as readonly LockView[]
  const asked: Question[] = []
  const run = async (name: string, { offset, limit }: { offset: number; limit: number }) =>
    Promise.resolve(
      name === 'locks.list' ? { rows: rows.slice(offset, offset + limit), total: 2_500 } : undefined,
    )
  const ask = async (question: Question) => Promise.resolve(asked.push(question) === 0)
  await releaseAll({ run, ask } as unknown as Acts)
  expect(asked.map((one) => [one.title, one.names?.length])).toEqual([
    ['Release all 2,500 locks of this machine?', 2_500],
  ])
})
