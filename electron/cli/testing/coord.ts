/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print and servers answer is looked at as it comes */
/** Runs the real `coord` as a child process, in folders of its own, against a small real HTTP server or the real API. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemKeys } from '../../adapters/system.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
/** `coord` as it is installed: built (before the first test, by build/scripts/test/before-units.ts), since compiling was most of its time. */
export const CLI = join(ROOT, 'dist', 'cli', 'cli.cjs')
/** The hooks' program, likewise. */
export const HOOK = join(ROOT, 'dist', 'cli', 'hook.cjs')

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** stdout parsed; undefined where it is no JSON. */
  readonly json: any
  readonly ms: number
}

export interface Place {
  readonly root: string
  readonly home: string
  readonly project: string
  readonly env: Record<string, string>
  coord(
    args: readonly string[],
    more?: { cwd?: string; env?: Record<string, string>; stdin?: string | Uint8Array; program?: string },
  ): Promise<Ran>
  start(args: readonly string[], env?: Record<string, string>): ChildProcess
  queue(workspace?: string): readonly any[]
  remove(): void
}

/**
 * Runs it again until its output says something, for 40 s at most: a hook leaves the API alone when its short time is
 * over, on a busy machine also before it was asked.
 */
export async function heard(run: () => Promise<Ran>, word: string | RegExp = /./): Promise<Ran> {
  const end = performance.now() + 40_000
  for (;;) {
    const ran = await run()
    const isHeard = typeof word === 'string' ? ran.stdout.includes(word) : word.test(ran.stdout)
    if (isHeard || performance.now() > end) return ran
  }
}

/** A project folder with `.claude`, a home, and an environment in which nothing of the developer's own counts. */
export function place(apiUrl?: string): Place {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'coord-cli-')))
  const home = join(root, 'home')
  const project = join(root, 'project')
  mkdirSync(join(project, '.claude'), { recursive: true })
  mkdirSync(home)
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: join(root, 'user'),
    COORD_HOME: home,
    COORD_MACHINE: 'BOX',
    COORD_PORT: '1',
    ...(apiUrl ? { COORD_API_URL: apiUrl } : {}),
  }
  const start = (
    args: readonly string[],
    more: Record<string, string> = {},
    cwd = project,
    program = CLI,
  ): ChildProcess =>
    spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...env, ...more },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  return {
    root,
    home,
    project,
    env,
    start: (args, more) => start(args, more),
    async coord(args, more = {}) {
      const from = performance.now()
      const child = start(args, more.env, more.cwd, more.program)
      let stdout = ''
      let stderr = ''
      child.stdout?.setEncoding('utf8').on('data', (c: string) => (stdout += c))
      child.stderr?.setEncoding('utf8').on('data', (c: string) => (stderr += c))
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(more.stdin ?? '')
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', resolve)
      })
      let json: unknown
      try {
        json = JSON.parse(stdout)
      } catch {
        json = undefined
      }
      return { code, stdout, stderr, json, ms: performance.now() - from }
    },
    queue(workspace = project) {
      const file = join(workspace, '.claude', 'coord-queue.jsonl')
      if (!existsSync(file)) return []
      return readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    },
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  }
}

/** The name that a session of the tool gets in the project of `place`. */
export const named = (toolSession: string): string =>
  `BOX/project-${systemKeys.uuid5(`session ${toolSession}`).slice(0, 8)}`

export interface Hit {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: any
}
export interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** A string is sent as it is, everything else as JSON. */
  readonly body?: unknown
}
export interface FakeApi {
  readonly url: string
  readonly hits: Hit[]
  /** The calls that are no reads. */
  writes(): readonly Hit[]
  close(): Promise<void>
}

/** Answers `/health` and an empty list of locks by itself, so that it looks like the API; the rest is the test's. */
export async function fakeApi(answer: (hit: Hit) => Reply | undefined): Promise<FakeApi> {
  const hits: Hit[] = []
  const server: Server = createServer((req, res) => {
    let text = ''
    req.setEncoding('utf8').on('data', (c: string) => (text += c))
    req.on('end', () => {
      let body: unknown
      try {
        body = text === '' ? undefined : JSON.parse(text)
      } catch {
        body = text
      }
      const hit: Hit = { method: req.method ?? '', url: req.url ?? '', headers: req.headers, body }
      hits.push(hit)
      const usual: Reply =
        hit.url === '/health'
          ? { body: { status: 'ok' } }
          : hit.method === 'GET'
            ? { body: [] }
            : { body: { id: 1 } }
      const reply = answer(hit) ?? usual
      const isText = typeof reply.body === 'string'
      res.writeHead(reply.status ?? 200, {
        'Content-Type': isText ? 'text/html' : 'application/json',
        ...reply.headers,
      })
      res.end(isText ? reply.body : JSON.stringify(reply.body ?? {}))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    hits,
    writes: () => hits.filter((h) => h.method !== 'GET'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface RealApi {
  readonly url: string
  /** The line that it printed. */
  readonly line: string
  readonly child: ChildProcess
  get(path: string): Promise<any>
  send(method: string, path: string, body?: unknown): Promise<any>
  stop(): Promise<number | null>
}

/** The real API through `coord serve`, on a free port and with a database of its own. */
export async function realApi(at: Place): Promise<RealApi> {
  const child = at.start(['serve', '--port', '0', '--json', '--database', join(at.root, 'api.db')])
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (c: string) => (errors += c))
  const line = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (c: string) => {
      text += c
      if (text.includes('\n')) resolve(text)
    })
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${errors}`)))
  })
  const { listening } = JSON.parse(line) as { listening: string }
  const send = async (method: string, path: string, body?: unknown): Promise<any> => {
    const res = await fetch(listening + path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    })
    return res.json()
  }
  return {
    url: listening,
    line,
    child,
    send,
    get: (path) => send('GET', path),
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve(child.exitCode)
        child.once('exit', (code) => resolve(code))
        child.kill('SIGTERM')
      }),
  }
}
