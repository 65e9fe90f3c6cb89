/** Runs the real server as a process of its own, in a folder of its own, for tests. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = join(import.meta.dirname, '..', 'main.ts')
const START_LIMIT_MS = 40_000

export interface TestServer {
  readonly url: string
  readonly process: ChildProcess
  /** What it wrote to stderr so far. */
  stderr(): string
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A folder that goes after the test. */
export async function tempFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'coord-api-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Starts `main.ts` on a free port of 127.0.0.1 and waits for its line. */
export async function startServer(database: string, port = 0): Promise<TestServer> {
  const child = spawn(process.execPath, [MAIN, '--port', String(port), '--database', database], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  const lines = createInterface({ input: child.stdout })
  const line = await Promise.race([
    once(lines, 'line', { signal: AbortSignal.timeout(START_LIMIT_MS) }).then(([l]) => String(l)),
    once(child, 'exit').then(() => ''),
  ])
  if (!line) throw new Error(`the server did not start: ${stderr}`)
  return {
    url: (JSON.parse(line) as { listening: string }).listening,
    process: child,
    stderr: () => stderr,
    stop,
  }
}

/** An answer; `body` is read freely by tests. */
export interface TestAnswer {
  readonly status: number
  readonly headers: Headers
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of every shape
  readonly body: any
  readonly text: string
}

/** One call with a JSON body; the answer's status, headers and parsed body. */
export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<TestAnswer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, body: text ? JSON.parse(text) : null }
}

/** Every row of a list: follows `Link` to the end, as a client has to. `between` runs after each page. */
export async function readAll(
  url: string,
  path: string,
  between: (rows: TestAnswer['body'][]) => Promise<void> = async () => undefined,
): Promise<TestAnswer['body'][]> {
  const rows: TestAnswer['body'][] = []
  for (let next: string | undefined = path; next !== undefined;) {
    const page: TestAnswer = await call(url, 'GET', next)
    if (page.status !== 200) throw new Error(`GET ${next} answered ${page.status} ${page.text}`)
    rows.push(...page.body)
    await between(page.body)
    next = /<([^>]*)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
  }
  return rows
}

/** Runs `task` for 0 to n - 1, some of them at a time. */
export async function eachOf(n: number, task: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (next < n) await task(next++)
    }),
  )
}

/** Looks until it is so: a busy machine is slow, and a test may take a minute. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 40_000): Promise<void> {
  const limit = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`it did not come: ${condition.toString()}`)
    await new Promise((go) => setTimeout(go, 20))
  }
}
