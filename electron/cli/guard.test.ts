/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print and servers answer is looked at as it comes */
/** Two sessions that do not see each other's work, driven by the tool's documented JSON, against the real API. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startPlainServer } from '../api/testing/plain-server.ts'
import { createSessionsLook } from '../adapters/session-records.ts'
import { HOOK, fakeApi, place, realApi, type Place, type Ran, type RealApi } from './testing/coord.ts'

let server: Place
let api: RealApi
beforeAll(async () => {
  server = place()
  api = await realApi(server)
})
afterAll(async () => {
  await api.stop()
  server.remove()
})
let at: Place
let worktree = ''
let wait = '10000'
const git = (...args: string[]): void => {
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    cwd: at.project,
    stdio: 'pipe',
  })
}
beforeEach(() => {
  at = place(api.url)
  git('init', '-q', '-b', 'main')
  // a project of its own for each test: all share one server
  writeFileSync(
    join(at.project, '.claude', 'coord.json'),
    JSON.stringify({ project: at.root, commands: { 'ssh *deploy*': 'deploy' } }),
  )
  writeFileSync(join(at.project, 'a.ts'), '')
  git('add', 'a.ts')
  git('commit', '-qm', 'x')
  worktree = join(at.project, '.claude', 'worktrees', 'feat')
  git('worktree', 'add', '-q', '-b', 'feat', worktree)
})
afterEach(() => at.remove())

interface Session {
  call(event: string, more?: object): Promise<Ran>
  edit(path: string): Promise<Ran>
  bash(command: string): Promise<Ran>
  name(): Promise<string>
}
function session(id: string, cwd: string): Session {
  const call = (event: string, more: object = {}): Promise<Ran> =>
    at.coord([event], {
      program: HOOK,
      cwd,
      // only the tests of a silent API are about time
      env: { CLAUDE_PROJECT_DIR: at.project, COORD_GUARD_WAIT: wait },
      stdin: JSON.stringify({ session_id: id, cwd, ...more }),
    })
  return {
    call,
    edit: (path) => call('before-tool', { tool_name: 'Edit', tool_input: { file_path: path } }),
    bash: (command) => call('before-tool', { tool_name: 'Bash', tool_input: { command } }),
    name: async () => /You are (\S+)/.exec((await call('start', { source: 'startup' })).stdout)?.[1] ?? '',
  }
}
const held = async (): Promise<string[]> =>
  (await api.get(`/api/coord/locks?project_key=${encodeURIComponent(at.root)}`)).map(
    (l: any) => `${l.session_id} ${l.resource}`,
  )
const context = (ran: Ran): string => JSON.parse(ran.stdout).hookSpecificOutput.additionalContext

describe('two sessions and one file', () => {
  it('is claimed by the first, refused to the second, asked for, released, and told', async () => {
    const one = session('one', at.project)
    const two = session('two', worktree)
    const [first, second] = [await one.name(), await two.name()]
    expect(await one.edit(join(at.project, 'a.ts'))).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await held()).toEqual([`${first} a.ts`])

    // the same file of the repository, in another work tree
    const refused = await two.edit(join(worktree, 'a.ts'))
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain(`is held by ${first}`)
    const { guards, hooksAt } = createSessionsLook(at.home)()
    expect(guards).toMatchObject({
      [first]: { did: 'claimed', resource: 'a.ts', held: null },
      [second]: { did: 'refused', resource: 'a.ts', held: { by: first } },
    })
    expect(Object.keys(hooksAt).sort()).toEqual([first, second].sort())
    const ask = /To ask for it: coord (.*)$/m.exec(refused.stderr)?.[1] ?? ''
    const words = JSON.parse(
      execFileSync('sh', ['-c', `node -e 'console.log(JSON.stringify(process.argv.slice(1)))' -- ${ask}`], {
        encoding: 'utf8',
      }),
    )
    expect(await at.coord(words, { env: { COORD_SESSION: second } })).toMatchObject({ code: 0 })

    const heard = await one.call('after-tool', { tool_name: 'Edit', tool_input: {} })
    expect(context(heard)).toContain(`MESSAGE FROM ${second}`)
    expect(context(heard)).toContain('| May I have a.ts?')
    // never twice
    expect((await one.call('prompt', { prompt: 'x' })).stdout).toBe('')

    await one.call('end', { reason: 'exit' })
    await expect.poll(held).toEqual([])
    expect(await two.edit(join(worktree, 'a.ts'))).toMatchObject({ code: 0 })
    expect(await held()).toEqual([`${second} a.ts`])
    await two.call('end', { reason: 'exit' })
    await expect.poll(held).toEqual([])
    const unread = await api.get(
      `/api/coord/messages?to_session=${encodeURIComponent(first)}&unread_only=true`,
    )
    expect(unread).toEqual([])
  })

  it('git: a commit takes the branch, another branch is free', async () => {
    const one = session('one', at.project)
    const two = session('two', at.project)
    expect((await one.bash('git commit -m x')).code).toBe(0)
    expect((await two.bash('git push')).code).toBe(2)
    expect((await session('three', worktree).bash('git commit -m x')).code).toBe(0)
    expect((await two.bash('git status && ls')).code).toBe(0)
    expect((await held()).map((l) => l.split(' ')[1]).sort()).toEqual(['git:feat', 'git:main'])
  })

  it('folders and patterns overlap, and a command that the project names', async () => {
    mkdirSync(join(at.project, 'src'))
    const one = session('one', at.project)
    const two = session('two', at.project)
    expect((await one.bash('rm -rf src && ssh prod ./deploy.sh')).code).toBe(0)
    expect((await two.edit(join(at.project, 'src', 'new.ts'))).code).toBe(2)
    expect((await two.bash('rm src/*.ts')).code).toBe(2)
    expect((await two.bash('ssh prod "deploy now"')).code).toBe(2)
    expect((await two.bash('ssh prod uptime')).code).toBe(0)
  })

  it('a call that is refused in the middle keeps nothing: another may wait for what it got', async () => {
    const row = (resource: string): object => ({
      id: `id-${resource}`,
      project_key: at.root,
      session_id: resource === 'c.ts' ? 'FAR/x' : 'BOX/me',
      resource,
      acquired_at: new Date().toISOString(),
    })
    const fake = await fakeApi((hit) =>
      hit.method === 'POST'
        ? { status: hit.body.resource === 'c.ts' ? 409 : 200, body: row(hit.body.resource) }
        : undefined,
    )
    at.env['COORD_API_URL'] = fake.url
    expect((await session('one', at.project).bash('touch a.ts b.ts c.ts d.ts')).code).toBe(2)
    expect(
      fake.writes().map((hit) => `${hit.method} ${hit.body?.resource ?? hit.url.split(/[/?]/).at(4)}`),
    ).toEqual(['POST a.ts', 'POST b.ts', 'POST c.ts', 'DELETE id-a.ts', 'DELETE id-b.ts'])
    await fake.close()
  })

  it('a claim that is refused without a word of the holder: it is looked for', async () => {
    const row = { id: 1, project_key: at.root, session_id: 'FAR/x', resource: 'a.ts' }
    let rows: object[] = []
    const fake = await fakeApi((hit) => {
      if (hit.url.startsWith('/api/coord/locks?')) return { body: rows }
      if (hit.method !== 'POST') return undefined
      // somebody was quicker
      rows = [{ ...row, acquired_at: new Date().toISOString() }]
      return { status: 409, body: { detail: 'held' } }
    })
    at.env['COORD_API_URL'] = fake.url
    const refused = await session('one', at.project).edit(join(at.project, 'a.ts'))
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('is held by FAR/x')
    await fake.close()
  })

  it('a stale lock is told, and taken over by the command that the refusal names', async () => {
    const plain = await startPlainServer()
    at.env['COORD_API_URL'] = plain.url
    const old = new Date(Date.now() - 3 * 3_600_000).toISOString()
    plain.rows('locks').push({
      id: 'old',
      project_key: at.root,
      session_id: 'FAR/x',
      resource: 'a.ts',
      ttl_hours: 0,
      acquired_at: old,
      last_activity_at: old,
    })
    const one = session('one', at.project)
    const refused = await one.edit(join(at.project, 'a.ts'))
    expect(refused.code).toBe(2)
    const words = /taken over: coord (.*)$/m.exec(refused.stderr)?.[1]?.split(' ') ?? []
    expect(words).toEqual(['release', 'old', '--force'])
    expect((await at.coord(words)).code).toBe(0)
    expect((await one.edit(join(at.project, 'a.ts'))).code).toBe(0)
    expect(plain.rows('locks')).toMatchObject([{ resource: 'a.ts', session_id: await one.name() }])
    await plain.stop()
  })

  it('mode warn tells and lets go on', async () => {
    writeFileSync(
      join(at.project, '.claude', 'coord.json'),
      JSON.stringify({ project: at.root, guard: 'warn' }),
    )
    await session('one', at.project).edit(join(at.project, 'a.ts'))
    const warned = await session('two', at.project).edit(join(at.project, 'a.ts'))
    expect(warned.code).toBe(0)
    expect(context(warned)).toContain('Coordination warning')
  })

  it('a fault of the configuration is said, and guards nothing', async () => {
    writeFileSync(join(at.project, '.claude', 'coord.json'), '{"guard":"on"}')
    const ran = await session('one', at.project).edit(join(at.project, 'a.ts'))
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.stdout).systemMessage).toContain('a fault in "guard"')
  })

  it('what cannot be read is allowed and said', async () => {
    const ran = await session('one', at.project).bash('rm $FILE')
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.stdout).systemMessage).toContain('Not guarded in part')
    const into = await session('one', at.project).bash('cp "$FILE" .')
    expect(JSON.parse(into.stdout).systemMessage).toContain('a file name is made while it runs')
    expect(await held()).toEqual([])
    // the rest of the call is judged all the same
    await session('two', worktree).edit(join(worktree, 'a.ts'))
    const beside = await session('one', at.project).bash(`echo x > ${'n'.repeat(300)}; rm a.ts`)
    expect(beside).toMatchObject({ code: 2, stderr: expect.stringContaining('"a.ts"') })
  })

  it('guard check says whose a staged file is', async () => {
    await session('one', at.project).edit(join(at.project, 'a.ts'))
    writeFileSync(join(at.project, 'a.ts'), 'changed')
    git('add', 'a.ts')
    const ran = await at.coord(['guard', 'check', '--staged', '--json'])
    expect(ran.code).toBe(1)
    expect(ran.json).toMatchObject([
      { path: join(at.project, 'a.ts'), resource: 'a.ts', state: 'held', stale: false },
    ])
    // of a folder: whose what is in it is
    mkdirSync(join(at.project, 'lib'))
    expect((await at.coord(['guard', 'check', 'new.ts', '.', 'lib', '--json'])).json).toMatchObject([
      { state: 'free', holder: null, since: null },
      { state: 'held', resource: '**' },
      { state: 'free', resource: 'lib/' },
    ])
    await session('one', at.project).edit(join(at.project, 'lib', 'b.ts'))
    expect((await at.coord(['guard', 'check', 'lib', '--json'])).json).toMatchObject([{ state: 'held' }])
  })

  it('guard check says that nothing is refused where the locks cannot be had', async () => {
    const broken = await fakeApi((hit) =>
      hit.url.startsWith('/api/coord/locks') ? { status: 500, body: {} } : undefined,
    )
    const ran = await at.coord(['guard', 'check', 'a.ts'], { env: { COORD_API_URL: broken.url } })
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stderr).toContain(`${broken.url} cannot be asked; nothing is refused`)
    expect(ran.stdout).toContain('unknown')
    expect(ran.stdout).not.toContain('free')
    const outside = join(at.root, 'nowhere.ts')
    const { json } = await at.coord(['guard', 'check', 'a.ts', outside, '--json'], {
      env: { COORD_API_URL: broken.url },
    })
    // what lies in no project is nobody's, whoever answers
    expect(json).toMatchObject([
      { path: 'a.ts', resource: 'a.ts', state: 'free', unknown: true, holder: null },
      { path: outside, resource: null, state: 'free' },
    ])
    expect(json[1]).not.toHaveProperty('unknown')
    await broken.close()
  })

  it('guard check says whose a file is that a staged move takes away, wherever it is asked', async () => {
    mkdirSync(join(at.project, 'sub'))
    writeFileSync(join(at.project, 'sub', 'old.ts'), 'the same text before and after\n')
    git('add', 'sub')
    git('commit', '-qm', 'old')
    await session('one', at.project).edit(join(at.project, 'sub', 'old.ts'))
    git('mv', 'sub/old.ts', 'sub/new.ts')
    git('config', 'diff.relative', 'true')
    const cwd = join(at.project, 'sub')
    const ran = await at.coord(['guard', 'check', '--staged', '--json'], { cwd })
    expect(ran.json).toMatchObject([
      { resource: 'sub/new.ts', state: 'free' },
      { resource: 'sub/old.ts', state: 'held' },
    ])
    expect(ran.code).toBe(1)
  })
})

describe('an API that is not there', () => {
  it('away: nothing blocks, the claim waits in the queue once, and is delivered', async () => {
    at.env['COORD_API_URL'] = 'http://127.0.0.1:9'
    const one = session('one', at.project)
    for (let i = 0; i < 3; i++) expect((await one.edit(join(at.project, 'a.ts'))).code).toBe(0)
    expect(at.queue()).toMatchObject([
      { method: 'POST', path: '/api/coord/locks', body: { resource: 'a.ts', project_key: at.root } },
    ])
    at.env['COORD_API_URL'] = api.url
    expect((await at.coord(['flush', '--json'])).json).toMatchObject({ delivered: 1, waiting: 0 })
    expect(await held()).toHaveLength(1)
  })

  it('hanging: allowed, and not waited for again a moment later', async () => {
    // Long enough that a busy machine really asks: a question that had less than a moment says nothing of the server.
    wait = '2000'
    let asked = 0
    const hanging = createServer(() => asked++)
    await new Promise<void>((r) => hanging.listen(0, '127.0.0.1', r))
    at.env['COORD_API_URL'] = `http://127.0.0.1:${(hanging.address() as { port: number }).port}`
    const one = session('one', at.project)
    expect((await one.edit(join(at.project, 'a.ts'))).code).toBe(0)
    expect((await one.edit(join(at.project, 'b.ts'))).code).toBe(0)
    expect(asked).toBeLessThanOrEqual(1)
    expect(at.queue().map((l) => l.body.resource)).toEqual(['a.ts', 'b.ts'])
    hanging.close()
    wait = '10000'
  })

  it('a server that knows no extension: overlap is judged from the list, and no claim is made beneath a held folder', async () => {
    const fake = await fakeApi((hit) =>
      hit.url.startsWith('/api/coord/locks')
        ? {
            body: [
              {
                id: 1,
                project_key: at.root,
                session_id: 'FAR/x',
                resource: 'src/',
                acquired_at: new Date().toISOString(),
              },
            ],
          }
        : undefined,
    )
    at.env['COORD_API_URL'] = fake.url
    expect((await session('one', at.project).edit(join(at.project, 'src', 'a.ts'))).code).toBe(2)
    expect(fake.writes()).toEqual([])
    await fake.close()
  })

  it('one that answers on the default port and cannot prove whose it is gets nothing', async () => {
    const squatter = await fakeApi(() => undefined)
    delete at.env['COORD_API_URL']
    at.env['COORD_PORT'] = new URL(squatter.url).port
    at.env['COORD_TOKEN'] = 'secret'
    expect((await session('one', at.project).edit(join(at.project, 'a.ts'))).code).toBe(0)
    expect(squatter.hits.map((h) => h.url)).toEqual(['/health'])
    expect(squatter.hits[0]?.headers['authorization']).toBeUndefined()
    expect(at.queue()).toHaveLength(1)
    await squatter.close()
  })
})
