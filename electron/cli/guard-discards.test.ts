/** Commands that reach a whole work tree: others' locks in it stand in the way, and nobody is kept out of it for them. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HOOK, named, place, realApi, type Place, type Ran, type RealApi } from './testing/coord.ts'

const FOREIGN = 'FAR/x'
let server: Place
let api: RealApi
let at: Place
beforeAll(async () => {
  server = place()
  api = await realApi(server)
})
afterAll(async () => {
  await api.stop()
  server.remove()
})
beforeEach(() => {
  at = place(api.url)
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: at.project })
  // a project of its own for each test: all share one server
  writeFileSync(join(at.project, '.claude', 'coord.json'), JSON.stringify({ project: at.root }))
  writeFileSync(join(at.project, 'a.ts'), '')
})
afterEach(() => at.remove())

const bash = (command: string): Promise<Ran> =>
  at.coord(['before-tool'], {
    program: HOOK,
    stdin: JSON.stringify({ session_id: 's', cwd: at.project, tool_name: 'Bash', tool_input: { command } }),
    env: { CLAUDE_PROJECT_DIR: at.project, COORD_GUARD_WAIT: '10000' },
  })
const hold = (session: string, resource: string): Promise<unknown> =>
  api.send('POST', '/api/coord/locks', {
    project_key: at.root,
    session_id: session,
    resource,
    description: '',
    ttl_hours: 2,
  })
const held = async (): Promise<string[]> => {
  const rows = (await api.get(`/api/coord/locks?project_key=${encodeURIComponent(at.root)}`)) as {
    session_id: string
    resource: string
  }[]
  return rows.map((row) => `${row.session_id} ${row.resource}`).sort()
}

const COMMANDS = [
  'git reset --hard',
  'git stash',
  'git checkout .',
  'git checkout -- .',
  'git restore .',
  'git clean -fd',
  'npx prettier --write .',
  'eslint --fix',
]

describe('a command that reaches the whole work tree', () => {
  it.each(COMMANDS)('is refused where another session holds a file in it: %s', async (command) => {
    await hold(FOREIGN, 'a.ts')
    const ran = await bash(command)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(`"a.ts" (project ${at.root}) is held by ${FOREIGN}`)
    expect(ran.stderr).toMatch(/coord send --to FAR\/x .*a\.ts/)
    expect(await held()).toEqual([`${FOREIGN} a.ts`])
  })
  it.each(COMMANDS)('is allowed where nobody else does, and claims no work tree: %s', async (command) => {
    await hold(named('s'), 'a.ts')
    // a name that is no file, and another's file that is not there
    await hold(FOREIGN, 'deploy')
    await hold(FOREIGN, 'new.ts')
    expect(await bash(command)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const others = (await held()).filter((one) => !one.endsWith(' git:main'))
    expect(others).toEqual([`${named('s')} a.ts`, `${FOREIGN} deploy`, `${FOREIGN} new.ts`].sort())
  })
  it('is told where the project only warns', async () => {
    writeFileSync(
      join(at.project, '.claude', 'coord.json'),
      JSON.stringify({ project: at.root, guard: 'warn' }),
    )
    await hold(FOREIGN, 'a.ts')
    const ran = await bash('git reset --hard')
    expect(ran.code).toBe(0)
    expect(ran.stdout).toContain(`is held by ${FOREIGN}`)
  })
  it('is allowed where the API is away, and no work tree waits to be claimed', async () => {
    at.env['COORD_API_URL'] = 'http://127.0.0.1:9'
    expect((await bash('git reset --hard')).code).toBe(0)
    expect(at.queue()).toMatchObject([{ body: { resource: 'git:main' } }])
  })
})

it('another repository that a variable leads git to is the one that is judged', async () => {
  const other = join(at.root, 'other')
  execFileSync('git', ['init', '-q', '-b', 'main', other])
  await hold(FOREIGN, 'git:main')
  expect((await bash('git commit -m x')).code).toBe(2)
  expect((await bash(`GIT_DIR=${other}/.git git commit -m x`)).code).toBe(0)
  expect((await bash(`cd ${other} && GIT_DIR=${at.project}/.git git commit -m x`)).code).toBe(2)
})
