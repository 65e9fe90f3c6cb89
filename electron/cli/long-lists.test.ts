/** The terminal and the hooks against long lists of every kind: the newest row of each is there, or it is said that it may be missing. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest'
import { call } from '../api/testing/server.ts'
import { MAKES, ME, MINE, NEWEST, type LongServer } from '../api/testing/long-lists.ts'
import { HOOK, heard, place, type Place, type Ran } from './testing/coord.ts'

const ROWS = process.env.COORD_LONG ? [1_001, 10_001] : [1_001]
/** Ours, and the one that gives the least. */
const makes = process.env.COORD_LONG ? MAKES : MAKES.slice(0, 2)
/** A guard's own short time is over on a busy machine before it has asked; then it allows. */
const GUARD_WAIT = '20000'

let at: Place
beforeEach(() => {
  at = place()
  at.env['COORD_MACHINE'] = 'DESK'
})
afterEach(() => at.remove())

const LISTS = {
  locks: [['locks', '--all'], 'resource'],
  components: [['component', 'list'], 'component'],
  workflows: [['workflow', 'list'], 'name'],
  items: [['item', 'list'], 'title'],
} as const

describe.each(makes)('a server $name', ({ start, isCapped }) => {
  describe.each(ROWS)('with %i rows of each', (others) => {
    let api: LongServer
    beforeAll(async () => {
      api = await start({ others })
    })
    afterAll(() => api.stop())
    beforeEach(() => (at.env['COORD_API_URL'] = api.url))

    it.each(Object.entries(LISTS))(
      'coord shows all its %s, or says that it cannot',
      async (_, [args, field]) => {
        const ran = await at.coord([...args, '--json'])
        expect(ran.code).toBe(0)
        const names = ran.json.map((row: Record<string, string>) => row[field])
        expect(new Set(names).size).toBe(names.length)
        if (isCapped) return expect(ran.stderr).toMatch(/ends its list of .* at 100 rows/)
        expect(names).toHaveLength(others + 1)
        expect(names).toContain(NEWEST)
      },
    )

    it('coord shows the one unread message of this machine among all, and counts it', async () => {
      const ran = await at.coord(['messages', '--json'])
      expect(ran.json.map((m: { subject: string }) => m.subject)).toEqual([NEWEST])
      if (isCapped) expect(ran.stderr).toContain('ends its list of messages at 100 rows')
      expect((await at.coord(['status', '--json'])).json.unread).toBe(1)
    })

    it('a project’s rows are found by its name wherever they stand', async () => {
      for (const [args, field] of [
        [['locks', '--all', '--project', MINE], 'resource'],
        [['component', 'list', MINE], 'component'],
        [['workflow', 'list', MINE], 'name'],
      ] as const) {
        const ran = await at.coord([...args, '--json'])
        expect(ran.json.map((row: Record<string, string>) => row[field])).toEqual([NEWEST])
      }
    })
  })
})

describe.each(makes)('hooks and releases at a server $name', ({ start, isCapped }) => {
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: at.project })
  const asTool = (event: string, more: object = {}): Promise<Ran> =>
    at.coord([event], {
      program: HOOK,
      env: { CLAUDE_PROJECT_DIR: at.project, COORD_GUARD_WAIT: GUARD_WAIT },
      stdin: JSON.stringify({ session_id: 'one', cwd: at.project, ...more }),
    })
  beforeEach(() => {
    git('init', '-q', '-b', 'main')
    writeFileSync(join(at.project, '.claude', 'coord.json'), JSON.stringify({ project: 'long' }))
    writeFileSync(join(at.project, 'a.ts'), '')
    git('add', 'a.ts')
    git('commit', '-qm', 'x')
  })

  it.each(ROWS)(
    'a file that another session holds is guarded, whichever of %i locks is its own',
    async (others) => {
      const api = await start({ others })
      try {
        at.env['COORD_API_URL'] = api.url
        const lock = { project_key: 'long', session_id: 'OTHER/x', resource: 'a.ts', ttl_hours: 0 }
        expect((await call(api.url, 'POST', '/api/coord/locks', lock)).status).toBe(201)
        const ran = await asTool('before-tool', {
          tool_name: 'Edit',
          tool_input: { file_path: join(at.project, 'a.ts') },
        })
        expect(ran.code).toBe(2)
        expect(ran.stderr).toContain('is held by OTHER/x')
      } finally {
        await api.stop()
      }
    },
  )

  it.each(ROWS)('a session is shown what is new to it behind %i messages to others', async (others) => {
    const api = await start({ others })
    try {
      at.env['COORD_API_URL'] = api.url
      const name = /You are (\S+)/.exec((await asTool('start', { source: 'startup' })).stdout)?.[1]
      expect(name).toMatch(/^DESK\//)
      const mail = {
        from_session: 'OTHER/x',
        to_session: name,
        project_key: 'long',
        subject: 'for this session',
      }
      expect((await call(api.url, 'POST', '/api/coord/messages', mail)).status).toBe(201)
      // A hook waits 1.85 s at most: what it could not read in time it shows the next time.
      const resumed = await heard(() => asTool('start', { source: 'resume' }), 'for this session')
      expect(resumed.stdout).toContain('for this session')
    } finally {
      await api.stop()
    }
  })

  it.each(ROWS)('coord release --mine releases all of %i locks', async (mine) => {
    const api = await start({ others: 3, mine })
    try {
      at.env['COORD_API_URL'] = api.url
      const ran = await at.coord(['release', '--mine', '--yes', '--json'])
      expect(ran.code).toBe(0)
      expect(await api.held(ME)).toBe(0)
      if (!isCapped) expect(ran.json).toMatchObject({ released: mine, refused: [] })
    } finally {
      await api.stop()
    }
  })

  it.each(ROWS)('a session’s end releases all of %i locks that it holds', async (mine) => {
    const api = await start({ others: 3, mine })
    try {
      at.env['COORD_API_URL'] = api.url
      const ran = await at.coord(['release', '--session', ME, '--yes', '--json'])
      expect(ran.code).toBe(0)
      expect(await api.held(ME)).toBe(0)
    } finally {
      await api.stop()
    }
  })
})
