/** What every story of the tray app needs: a desktop, a home, a project with its queue file, the real API behind a gate. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import {
  DesktopDouble,
  freePort,
  killAll,
  launchApp,
  processesOf,
  ROOT,
  startApi,
  startApp,
  tempDir,
  until,
  type RunningApp,
  type Said,
} from './desktop.ts'
import { Gate } from './gate.ts'

export const MACHINE = 'E2E'
export const SESSION = `${MACHINE}/a`
export type Row = Readonly<Record<string, unknown>>

export class Story {
  readonly home = tempDir('home')
  readonly workspace = tempDir('project')
  desktop: DesktopDouble
  readonly gate: Gate
  private readonly apiPort: number
  private api: { stop(): Promise<void> } | undefined

  private constructor(desktop: DesktopDouble, gate: Gate, apiPort: number) {
    this.desktop = desktop
    this.gate = gate
    this.apiPort = apiPort
    mkdirSync(join(this.workspace.path, '.claude'))
  }
  static async start(...desktopOptions: readonly string[]): Promise<Story> {
    const desktop = await DesktopDouble.start(...desktopOptions)
    const apiPort = await freePort()
    return new Story(desktop, await Gate.create(apiPort), apiPort)
  }
  async end(): Promise<void> {
    await killAll(this.home.path)
    await this.gate.close()
    await this.api?.stop()
    this.desktop.stop()
    this.home.remove()
    this.workspace.remove()
  }

  /** Of another desktop than the one that all stories share. */
  desk: Readonly<Record<string, string>> = {}
  /** Nothing is set from outside: the app asks for all, and serves the API itself. */
  isFirstRun = false
  get env(): Readonly<Record<string, string>> {
    const own = { ...this.desk, COORD_HOME: this.home.path }
    if (this.isFirstRun) {
      const nothing = { COORD_API_URL: '', COORD_MACHINE: '', COORD_WORKSPACES: '' }
      return { ...own, ...nothing, HOME: this.home.path, COORD_PORT: String(this.apiPort) }
    }
    return {
      ...own,
      COORD_API_URL: this.gate.url,
      COORD_MACHINE: MACHINE,
      COORD_WORKSPACES: this.workspace.path,
    }
  }
  private args(more: readonly string[]): readonly string[] {
    return [`--user-data-dir=${join(this.home.path, 'electron')}`, ROOT, ...more]
  }
  startApp(...more: readonly string[]): RunningApp {
    return startApp(this.env, this.args(more))
  }
  launchApp(...more: readonly string[]): ReturnType<typeof launchApp> {
    return launchApp(this.env, this.args(more))
  }
  async noProcessLeft(): Promise<void> {
    await until('no process left', () => processesOf(this.home.path).length === 0)
  }

  /** The real API is up, and the app may reach it; at first it may answer only that it is busy. */
  async apiUp(busySeconds = 0): Promise<void> {
    this.api ??= await startApi(this.apiPort, join(this.home.path, 'api.db'))
    this.gate.busyFor(busySeconds)
    await this.gate.open()
  }
  /** Straight to the API, as another machine would ask it. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.apiPort}/api/coord/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true)
    return answer.json()
  }
  async rows(path: string): Promise<readonly Row[]> {
    const value = await this.call('GET', path)
    return (Array.isArray(value) ? value : Object.values(value as object).find(Array.isArray)) as Row[]
  }
  claim(resource: string, session = SESSION): Promise<unknown> {
    return this.call('POST', 'locks', {
      session_id: session,
      resource,
      project_key: 'p',
      ttl_hours: 2,
      description: 'e2e',
    })
  }
  async held(): Promise<readonly string[]> {
    return (await this.rows('locks')).map((row) => String(row['resource']))
  }
  /** A message from elsewhere to a session of this machine; gives its id. */
  async messageToUs(subject: string, body = 'x'): Promise<string> {
    const row = (await this.call('POST', 'messages', {
      from_session: 'OTHER/b',
      to_session: SESSION,
      project_key: 'p',
      subject,
      body,
    })) as Row
    return String(row['id'])
  }

  get queueFile(): string {
    return join(this.workspace.path, '.claude/coord-queue.jsonl')
  }
  /** As a session does it: one line, one write of bash. */
  append(line: string): void {
    execFileSync('bash', ['-c', 'printf "%s\\n" "$1" >> "$2"', 'bash', line, this.queueFile])
  }
  appendMessage(n: number): void {
    this.append(
      JSON.stringify({
        ts: new Date().toISOString(),
        method: 'POST',
        path: '/api/coord/messages',
        body: {
          from_session: SESSION,
          to_session: 'OTHER/b',
          project_key: 'p',
          subject: `message ${n}`,
          body: 'x',
        },
      }),
    )
  }
  async sentSubjects(): Promise<readonly string[]> {
    return (await this.rows('messages?to_session=OTHER%2Fb&order=oldest')).map((row) =>
      String(row['subject']),
    )
  }
  /** What this app's own queue got, claimed meanwhile or not. */
  appQueue(): readonly { readonly method: string; readonly path: string }[] {
    const dir = join(this.home.path, '.claude')
    const names = existsSync(dir) ? readdirSync(dir, { recursive: true, encoding: 'utf8' }) : []
    const text = names
      .filter((name) => /(^coord-queue\.jsonl|\.seg)$/.test(name))
      .map((name) => readFileSync(join(dir, name), 'utf8'))
      .join('\n')
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { method: string; path: string })
  }

  tooltip(pattern: RegExp, timeoutMs = 20_000): Promise<string> {
    let last = ''
    return until(
      `the tooltip to match ${pattern}`,
      async () => {
        last = await this.desktop.tooltip()
        return pattern.test(last) ? last : undefined
      },
      timeoutMs,
    ).catch((cause: unknown) => {
      throw new Error(`${String(cause)}; it says: ${last}`)
    })
  }
  /** The notifications raised since `from`. */
  raised(from: number): readonly Said[] {
    return this.desktop.said.slice(from).filter((fact) => fact.t === 'notify')
  }
}
