/** A claim whose caller goes while it is written: neither the lock nor the answer under its key stays. On both databases. */
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createFeed, type Feed } from './change-feed.ts'
import type { Answer, CallKey, Change, Store, StoreFault } from './store.ts'
import { NO_MARIADB, startMariaDb, type TestDatabaseServer } from './testing/mariadb.ts'
import { tempFolder } from './testing/server.ts'
import { openTestStore } from './testing/store.ts'
import { claimWithin } from './waiting-claims.ts'
import type { Result } from '../../shared/result.ts'

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

describe.each(['SQLite', ...(NO_MARIADB === undefined ? ['MariaDB'] : [])])(
  'claims that wait, on %s',
  (kind) => {
    let folder: Awaited<ReturnType<typeof tempFolder>>
    let maria: TestDatabaseServer | undefined
    let store: Store
    let feed: Feed
    let key: CallKey
    let change: Extract<Change, { kind: 'lock.claim' }>
    let round = 0
    /** Stands still, as the clock of one moment does. */
    const now = () => Date.parse('2026-05-12T15:00:00Z')

    beforeAll(async () => {
      folder = await tempFolder()
      if (kind === 'MariaDB') maria = await startMariaDb()
      const database = (await maria?.newDatabase()) ?? join(folder.path, 'coord.db')
      store = await openTestStore(database)
      feed = createFeed(store, () => undefined)
    })
    afterAll(async () => {
      feed.stop()
      await store.close()
      await maria?.remove()
      await folder.remove()
    })
    beforeEach(() => {
      const project = `p${++round}`
      key = { key: `key ${round}`, fingerprint: 'f' }
      change = {
        kind: 'lock.claim',
        project,
        session: 'M/a',
        resource: 'r',
        description: null,
        ttlHours: 1,
        actors: ['M/a'],
      }
    })

    const valueOf = (answer: Result<Answer, StoreFault>): Answer => {
      if (!answer.ok) throw new Error(answer.error.message)
      return answer.value
    }
    const idOf = (answer: Answer): string => (JSON.parse(answer.body) as { id: string }).id
    const claim = async (of = key): Promise<Answer> => valueOf(await store.write(change, now(), of))
    async function held(): Promise<string[]> {
      const query = { limit: 10, offset: 0, after: null, order: 'oldest', isCounted: false } as const
      const listed = await store.list(
        { kind: 'locks', project: change.project, resource: null, machine: null, ...query },
        now(),
        [],
      )
      if (!listed.ok || listed.value.isUnchanged) throw new Error('no list')
      return (JSON.parse(listed.value.value.rows) as { id: string }[]).map(({ id }) => id)
    }
    /** Claims with the key for somebody who goes while the claim is committed; `meanwhile` runs between that and the giving back. */
    async function claimAndGo(meanwhile: () => Promise<unknown> = async () => undefined): Promise<Answer> {
      const ending = new AbortController()
      const write: Store['write'] = async (...call) => {
        const answer = await store.write(...call)
        if (ending.signal.aborted) return answer
        ending.abort()
        await meanwhile()
        return answer
      }
      return valueOf(
        await claimWithin(
          { store: { write }, feed, now },
          { change, key, caller: null },
          1_000,
          ending.signal,
        ),
      )
    }

    test('the lock is free again, and the same key claims anew: a 201 is always of a lock that is held', async () => {
      const gone = await claimAndGo()
      expect(gone.status).toBe(201)
      expect(await held()).toEqual([])
      const again = await claim()
      expect(again.status).toBe(201)
      expect(await held()).toEqual([idOf(again)])
      expect(idOf(again)).not.toBe(idOf(gone))
      expect(await claim()).toMatchObject({ status: 201, body: again.body })
    })

    test('whoever came back with the key before it was given back has the lock, and keeps it', async () => {
      const answers: Answer[] = []
      const gone = await claimAndGo(async () => answers.push(await claim()))
      expect(await held()).toEqual([idOf(gone)])
      expect(answers[0]).toMatchObject({ status: 201, body: gone.body })
      expect((await claim()).body).toBe(gone.body)
    })

    test('a repetition whose caller goes gives nothing back: the first one’s answer stands', async () => {
      const first = await claim()
      expect((await claimAndGo()).body).toBe(first.body)
      expect(await held()).toEqual([idOf(first)])
      expect((await claim()).body).toBe(first.body)
    })

    test('a lock that was the session’s already stays its own', async () => {
      const first = await claim({ key: `other ${round}`, fingerprint: 'f' })
      expect((await claimAndGo()).status).toBe(200)
      expect(await held()).toEqual([idOf(first)])
    })

    test('a lock that somebody else released meanwhile: the key is forgotten all the same', async () => {
      const gone = await claimAndGo(() =>
        store.write({ kind: 'lock.release-all', session: 'M/a' }, now(), null),
      )
      const again = await claim()
      expect(idOf(again)).not.toBe(idOf(gone))
      expect(await held()).toEqual([idOf(again)])
    })

    test('many come back with the key at the moment at which it is given back: each 201 is of the lock that is held', async () => {
      for (let n = 0; n < 10; n++) {
        key = { key: `race ${round} ${n}`, fingerprint: 'f' }
        let racing: Promise<Answer[]> | undefined
        await claimAndGo(() => {
          racing = Promise.all(Array.from({ length: 8 }, () => claim()))
          return Promise.resolve()
        })
        const answers = (await racing) ?? []
        expect(answers.map((a) => a.status)).toEqual(answers.map(() => 201))
        expect(await held()).toEqual([...new Set(answers.map(idOf))])
        await store.write({ kind: 'lock.release-all', session: 'M/a' }, now(), null)
      }
    })
  },
)
