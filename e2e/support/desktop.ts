/** A desktop for one test: the double of tray host and notification server, and the app's own process on it. */
import { execFileSync, spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { AddressInfo } from 'node:net'
import type { Readable, Writable } from 'node:stream'

export const ROOT = resolve(import.meta.dirname, '../..')

/** One fact that the double says: `t` names it (see desktop-double.mjs). */
export interface Said {
  readonly t: string
  readonly [field: string]: unknown
}
export interface MenuItem {
  readonly label?: string
  readonly enabled: boolean
  readonly children: readonly MenuItem[]
}

/** Polls until `check` gives something; no sleeps that hope. */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  timeoutMs = 15_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const value = await check()
    if (value !== undefined && value !== null && value !== false) return value
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

export class DesktopDouble {
  readonly said: Said[] = []
  private readonly child: ChildProcessByStdio<Writable, Readable, null>
  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.child = child
    createInterface({ input: child.stdout }).on('line', (line) => this.said.push(JSON.parse(line) as Said))
  }
  static async start(): Promise<DesktopDouble> {
    const child = spawn(process.execPath, [join(ROOT, 'e2e/support/desktop-double.mjs')], {
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const double = new DesktopDouble(child)
    await double.wait('ready')
    return double
  }
  /** The first fact of that name at or after `from`. */
  wait(t: string, from = 0, timeoutMs = 15_000): Promise<Said> {
    return until(
      `the desktop to say "${t}"`,
      () => this.said.slice(from).find((fact) => fact.t === t),
      timeoutMs,
    )
  }
  /** The tray item of that very process is there. */
  registered(pid: number | undefined, timeoutMs = 15_000): Promise<Said> {
    return until(
      'the tray item',
      () => this.all('registered').find((fact) => String(fact['service']).includes(`-${pid}-`)),
      timeoutMs,
    )
  }
  all(t: string): readonly Said[] {
    return this.said.filter((fact) => fact.t === t)
  }
  /** Sends a command and takes its answer. */
  async ask(command: string, answer: string): Promise<Said> {
    const from = this.said.length
    this.child.stdin.write(`${command}\n`)
    return until(`an answer to "${command}"`, () =>
      this.said.slice(from).find((fact) => fact.t === answer || fact.t === 'error'),
    )
  }
  async menu(): Promise<readonly MenuItem[]> {
    return ((await this.ask('menu', 'menu'))['items'] ?? []) as readonly MenuItem[]
  }
  async labels(): Promise<readonly string[]> {
    const flat = (items: readonly MenuItem[]): readonly string[] =>
      items.flatMap((item) => [item.label ?? '', ...flat(item.children)])
    return flat(await this.menu()).filter(Boolean)
  }
  async tooltip(): Promise<string> {
    const tip = (await this.ask('tray', 'tray'))['tooltip']
    return typeof tip === 'string' ? tip : ''
  }
  async click(label: string): Promise<void> {
    const said = await this.ask(`click ${label}`, 'clicked')
    if (said.t === 'error')
      throw new Error(`${String(said['what'])}; there are: ${(await this.labels()).join(' | ')}`)
  }
  clickNotification(id: unknown): void {
    this.child.stdin.write(`act ${String(id)} default\n`)
  }
  stop(): void {
    this.child.kill()
  }
}

export const tempDir = (name: string): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), `coord-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

/** Every process whose environment names this test's home: the app, its helpers, its API. */
export function processesOf(home: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`COORD_HOME=${home}\0`) &&
          !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
        )
      } catch {
        return false
      }
    })
    .map(Number)
}

/** The app's windows: Chromium overwrites a renderer's environment, but its command line names the profile. */
export function windowsOf(home: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      const line = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
      return line.includes('--type=renderer') && line.includes(home)
    } catch {
      return false
    }
  }).length
}

/** The real API, started as its own program on 127.0.0.1. */
export async function startApi(
  port: number,
  database: string,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const child = spawn(
    process.execPath,
    [join(ROOT, 'electron/api/main.ts'), '--port', String(port), '--database', database],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const url = `http://127.0.0.1:${port}`
  await until('the API to answer', async () => {
    try {
      return (await fetch(`${url}/health`)).ok
    } catch {
      return false
    }
  })
  return {
    url,
    stop: () =>
      new Promise((done) => {
        child.once('exit', () => done())
        child.kill()
      }),
  }
}

export const electronPath = (): string => {
  const path = process.env['COORD_ELECTRON']
  if (!path) throw new Error('COORD_ELECTRON is not set: run these through `npm test`')
  return path
}

/** The app as `npm start` runs it, without Playwright between: for quits, signals and crashes. */
export function startApp(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  asUser?: { readonly uid: number; readonly gid: number; readonly electron: string },
): ChildProcess & { readonly exited: Promise<number | string> } {
  const isRoot = process.getuid?.() === 0 && asUser === undefined
  const full: NodeJS.ProcessEnv = { ...process.env, COORD_NODE: process.execPath, ...env }
  delete full['ELECTRON_RUN_AS_NODE']
  const command = asUser ? 'setpriv' : electronPath()
  const prefix = asUser
    ? [`--reuid=${asUser.uid}`, `--regid=${asUser.gid}`, '--clear-groups', asUser.electron]
    : []
  const child = spawn(command, [...prefix, ...(isRoot ? ['--no-sandbox'] : []), ...args], {
    env: full,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const exited = new Promise<number | string>((done) =>
    child.once('exit', (code, signal) => done(code ?? signal ?? 'unknown')),
  )
  return Object.assign(child, { exited })
}

/** The runtime where every user may read it: root's cache is closed to others. */
export function sharedRuntime(dir: string): string {
  execFileSync('cp', ['-r', dirname(electronPath()), join(dir, 'runtime')])
  execFileSync('chmod', ['-R', 'a+rX', dir])
  return join(dir, 'runtime/electron')
}
