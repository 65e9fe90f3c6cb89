/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print and servers answer is looked at as it comes */
/**
 * Two sessions that want one file, told with two processes that stand in for the tool and run the installed hooks: with the API
 * up, with a server that knows no extension, and with an API that is away or hangs in the middle.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPlainServer } from '../api/testing/plain-server.ts'
import { restFile } from './hooks/api-rest.ts'
import { place, realApi, type Place, type Ran, type RealApi } from './testing/coord.ts'

const TOOL = join(import.meta.dirname, 'testing', 'tool-child.ts')
const POLL = { timeout: 60_000 }

interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** One session of the tool: a process, and the moments at which it calls its hooks. */
class Tool {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>
  readonly #cwd: string
  name = ''

  constructor(at: Place, id: string, cwd: string) {
    const settings = join(at.project, '.claude', 'settings.local.json')
    this.#cwd = cwd
    this.#child = spawn(process.execPath, [TOOL, settings, cwd], {
      cwd,
      env: { ...at.env, TOOL_SESSION: id, CLAUDE_PROJECT_DIR: at.project },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#answers = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]()
  }
  async at(event: string, input: object = {}): Promise<Answer> {
    this.#child.stdin?.write(`${JSON.stringify({ event, input })}\n`)
    const { value } = (await this.#answers.next()) as { value: string }
    const [answer, ...more] = JSON.parse(value) as Answer[]
    expect(more).toEqual([])
    return answer ?? { code: null, stdout: '', stderr: 'no hook' }
  }
  async start(): Promise<void> {
    const { stdout } = await this.at('SessionStart', { source: 'startup' })
    this.name = /You are (\S+)/.exec(stdout)?.[1] ?? ''
  }
  edit(file: string): Promise<Answer> {
    const input = { file_path: join(this.#cwd, file), old_string: 'a', new_string: 'b' }
    return this.at('PreToolUse', { tool_name: 'Edit', tool_input: input, tool_use_id: 'toolu_1' })
  }
  /** What is told between two calls. */
  async hears(): Promise<string> {
    const after = {
      tool_name: 'Edit',
      tool_input: {},
      tool_response: { success: true },
      tool_use_id: 'toolu_1',
    }
    const { code, stdout } = await this.at('PostToolUse', after)
    expect(code).toBe(0)
    return stdout === '' ? '' : (JSON.parse(stdout).hookSpecificOutput.additionalContext as string)
  }
  end(): Promise<Answer> {
    return this.at('SessionEnd', { reason: 'prompt_input_exit' })
  }
  close(): void {
    this.#child.kill()
  }
}

/** Stands before the API: lets through, is away, or takes a connection and never answers. */
class Gate {
  #state: 'up' | 'hanging' = 'up'
  #server: Server | undefined
  readonly #open = new Set<Socket>()
  readonly #to: number
  port = 0

  constructor(to: number) {
    this.#to = to
  }
  async up(): Promise<void> {
    this.#state = 'up'
    for (const socket of this.#open) socket.destroy()
    if (this.#server) return
    this.#server = createServer((socket) => {
      this.#open.add(socket)
      socket.on('error', () => undefined).once('close', () => this.#open.delete(socket))
      if (this.#state === 'hanging') return
      const behind = connect(this.#to, '127.0.0.1')
      behind.on('error', () => socket.destroy())
      socket.pipe(behind).pipe(socket)
    })
    const port = this.port
    await new Promise<void>((r) => this.#server?.listen(port, '127.0.0.1', r))
    this.port = (this.#server.address() as AddressInfo).port
  }
  hang(): void {
    this.#state = 'hanging'
    for (const socket of this.#open) socket.destroy()
  }
  async away(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await new Promise((r) => (this.#server ? this.#server.close(r) : r(null)))
    this.#server = undefined
  }
}

let at: Place
let worktree = ''
let one: Tool
let two: Tool
beforeEach(() => {
  at = place()
  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: at.project,
      stdio: 'pipe',
    })
  }
  git('init', '-q', '-b', 'main')
  writeFileSync(join(at.project, '.claude', 'coord.json'), JSON.stringify({ project: 'story' }))
  writeFileSync(join(at.project, 'a.ts'), '')
  git('add', 'a.ts')
  git('commit', '-qm', 'x')
  worktree = join(at.project, '.claude', 'worktrees', 'feat')
  git('worktree', 'add', '-q', '-b', 'feat', worktree)
})
/** What a test started, ended in the other order, also where it fails. */
const ends: (() => unknown)[] = []
afterEach(async () => {
  one.close()
  two.close()
  for (const end of ends.splice(0).reverse()) await end()
  at.remove()
})
async function startApi(): Promise<RealApi> {
  const server = place()
  ends.push(() => server.remove())
  const api = await realApi(server)
  ends.push(() => api.stop())
  return api
}

/** Installs the hooks for this address, and starts the two. */
async function begin(url: string, guardWaitMs = 10_000): Promise<void> {
  at.env['COORD_API_URL'] = url
  at.env['COORD_GUARD_WAIT'] = String(guardWaitMs)
  expect(await at.coord(['hook', 'install'])).toMatchObject({ code: 0 })
  one = new Tool(at, '0199a1b2-c3d4-7e5f-8a9b-000000000001', at.project)
  two = new Tool(at, '0199a1b2-ffff-7aaa-9bbb-000000000002', worktree)
  await one.start()
  await two.start()
  expect(one.name).toMatch(/^BOX\/project-/)
  expect(two.name).not.toBe(one.name)
}

const coordAs = (session: string, args: readonly string[]): Promise<Ran> =>
  at.coord(args, { env: { COORD_SESSION: session } })
/** Runs the command that a refusal names, as the session's shell would. */
async function ask(refusal: string): Promise<void> {
  const line = /To ask for it: coord (.*)$/m.exec(refusal)?.[1] ?? ''
  const print = `console.log(JSON.stringify(process.argv.slice(1)))`
  const words = JSON.parse(
    execFileSync('sh', ['-c', `"$NODE" -e '${print}' -- ${line}`], {
      encoding: 'utf8',
      env: { ...process.env, NODE: process.execPath },
    }),
  )
  expect((await coordAs(two.name, words)).code).toBe(0)
}
const lists = async (url: string): Promise<{ held: string[]; unread: any[] }> => {
  const get = async (path: string): Promise<any> => {
    const found = await (await fetch(url + path)).json()
    return Array.isArray(found) ? found : found.items
  }
  const locks = await get('/api/coord/locks')
  const unread = await Promise.all(
    [one, two].map((tool) =>
      get(`/api/coord/messages?to_session=${encodeURIComponent(tool.name)}&unread_only=true`),
    ),
  )
  return { held: locks.map((l: any) => `${l.session_id} ${l.resource}`).sort(), unread: unread.flat() }
}
const heldAt = (url: string) => async (): Promise<string[]> => (await lists(url)).held
const queueOf = (folder: string): string[] =>
  at.queue(folder).map((line) => `${line.method} ${line.body?.resource ?? ''}`.trim())

/** The whole of it, with an API that answers. */
async function story(url: string): Promise<void> {
  const held = heldAt(url)
  expect(await one.edit('a.ts')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await held()).toEqual([`${one.name} a.ts`])

  const refused = await two.edit('a.ts')
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(refused.stderr).toContain(`is held by ${one.name}`)
  await ask(refused.stderr)
  await expect.poll(() => one.hears(), POLL).toContain(`MESSAGE FROM ${two.name}`)
  expect(await one.hears()).toBe('')

  expect(await coordAs(one.name, ['release', '--mine', '--yes'])).toMatchObject({ code: 0 })
  const answer = ['send', '--to', two.name, '--project', 'story', '--subject', 'a.ts is yours']
  expect(await coordAs(one.name, answer)).toMatchObject({ code: 0 })
  // it is told at the end of its turn, and goes on
  const stop = { stop_hook_active: false, last_assistant_message: 'waiting' }
  await expect
    .poll(async () => (await two.at('Stop', stop)).stdout, POLL)
    .toMatch(/^\{"decision":"block","reason":".*\| a\.ts is yours/)
  expect(await two.edit('a.ts')).toMatchObject({ code: 0, stderr: '' })
  expect(await held()).toEqual([`${two.name} a.ts`])
  expect(await two.at('Stop', { stop_hook_active: true })).toEqual({ code: 0, stdout: '', stderr: '' })

  for (const tool of [one, two]) expect(await tool.end()).toEqual({ code: 0, stdout: '', stderr: '' })
  await expect.poll(held, POLL).toEqual([])
  expect((await lists(url)).unread).toEqual([])
}

// thirty processes one after the other
describe('two sessions of a tool and one file', () => {
  it('the API is up', async () => {
    const api = await startApi()
    await begin(api.url)
    await story(api.url)
  })

  it('the server knows no extension', async () => {
    const plain = await startPlainServer()
    ends.push(() => plain.stop())
    await begin(plain.url)
    await story(plain.url)
  })

  it.each([
    ['away', ''],
    ['hanging', ' @long'],
  ] as const)(
    'the API is %s in the middle: nothing blocks, the queue has it, then all is delivered%s',
    async (how, _tag) => {
      const api = await startApi()
      const gate = new Gate(Number(new URL(api.url).port))
      ends.push(() => gate.away())
      await gate.up()
      await begin(`http://127.0.0.1:${gate.port}`, 3000)
      const held = heldAt(api.url)
      expect((await one.edit('a.ts')).code).toBe(0)
      expect((await two.edit('a.ts')).code).toBe(2)

      if (how === 'away') await gate.away()
      else gate.hang()
      // not even what another holds blocks: it cannot be known
      for (const [tool, file] of [
        [one, 'b.ts'],
        [two, 'c.ts'],
        [one, 'a.ts'],
      ] as const)
        expect(await tool.edit(file)).toMatchObject({ code: 0, stderr: '' })
      expect(queueOf(at.project)).toEqual(['POST b.ts', 'POST c.ts'])
      const send = ['send', '--to', one.name, '--project', 'story', '--subject', 'while it was away']
      // 3: it waits
      expect((await coordAs(two.name, send)).code).toBe(3)
      expect(await one.hears()).toBe('')

      await gate.up()
      // what sends it is the app, a flush, or the next hook that starts or ends
      expect((await at.coord(['flush', '--json', '--wait', '20'], { cwd: at.project })).json).toMatchObject({
        waiting: 0,
        setAside: 0,
      })
      expect(await held()).toEqual([`${one.name} a.ts`, `${one.name} b.ts`, `${two.name} c.ts`].sort())
      // an API that did not answer is left alone for a moment: hook-once.test.ts; here the moment is over
      const longAgo = new Date(Date.now() - 60_000)
      utimesSync(restFile(at.home, at.env['COORD_API_URL'] ?? ''), longAgo, longAgo)
      await expect.poll(() => one.hears(), POLL).toContain('| while it was away')
      expect((await two.edit('b.ts')).code).toBe(2)

      // it goes away once more, and both end
      if (how === 'away') await gate.away()
      else gate.hang()
      for (const tool of [one, two]) expect(await tool.end()).toMatchObject({ code: 0, stdout: '' })
      expect(await held()).toHaveLength(3)
      await gate.up()
      expect((await at.coord(['flush', '--json', '--wait', '20'])).json).toMatchObject({
        waiting: 0,
        setAside: 0,
      })
      await expect.poll(held, POLL).toEqual([])
      expect((await lists(api.url)).unread).toEqual([])
      expect(readFileSync(join(at.home, 'workspaces.jsonl'), 'utf8')).toContain(JSON.stringify(at.project))
    },
  )
})
