/** A desktop for one test: the double of tray host and notification server, and the app's own process on it. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { ElectronApplication } from '@playwright/test'

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
  /** What it plays: see the options of desktop-double.mjs. */
  static async start(...options: readonly string[]): Promise<DesktopDouble> {
    const script = join(ROOT, 'e2e/support/desktop-double.mjs')
    const child = spawn(process.execPath, [script, ...options], {
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
  /** Stops its process, or lets it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(name)
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
  /** A name of the picture that the tray shows: the same for the same pixels. */
  async picture(): Promise<string> {
    return String((await this.ask('tray', 'tray'))['picture'])
  }
  /** A menu that changes between the look and the click has new items: the error says that nothing was clicked. */
  async click(label: string): Promise<void> {
    const end = Date.now() + 5_000
    for (;;) {
      const said = await this.ask(`click ${label}`, 'clicked')
      if (said.t !== 'error') return
      if (Date.now() > end)
        throw new Error(`${String(said['what'])}; there are: ${(await this.labels()).join(' | ')}`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }
  clickNotification(id: unknown): void {
    this.child.stdin.write(`act ${String(id)} default\n`)
  }
  panelComes(): void {
    this.child.stdin.write('panel\n')
  }
  stop(): void {
    this.child.kill()
  }
}

export const tempDir = (name: string): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), `coord-${name}-`))
  return {
    path,
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  }
}

/** A port that nobody listens at, below those that the system gives to outgoing connections: it is still free when its server starts. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((done) =>
      server.on('error', () => done(false)).listen(port, '127.0.0.1', () => done(true)),
    )
    if (!isFree) continue
    await new Promise((done) => server.close(done))
    return port
  }
}

interface ProcessFacts {
  readonly pid: number
  readonly parent: number
  readonly session: number
  readonly commandLine: string
  readonly environment: string
}
function allProcesses(): readonly ProcessFacts[] {
  const read = (pid: string, what: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${what}`, 'utf8')
    } catch {
      return '' // gone meanwhile, or not ours to read
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = read(pid, 'stat')
      // The name may hold anything, also `) Z 1`: what counts comes after its last bracket.
      const [state, parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return stat === '' || state === 'Z' || state === 'X'
        ? []
        : [
            {
              pid: Number(pid),
              parent: Number(parent),
              session: Number(session),
              commandLine: read(pid, 'cmdline'),
              environment: read(pid, 'environ'),
            },
          ]
    })
}

/** Who was started here for which home; each leads a session of its own, and its helpers stay in it. */
const leaders = new Map<string, number[]>()
const lead = (home: string | undefined, pid: number | undefined): void => {
  if (home !== undefined && pid !== undefined) leaders.set(home, [...(leaders.get(home) ?? []), pid])
}

/**
 * Every process of this test's home: the app, its helpers, its API. Chromium wipes the environment of its processes and
 * a zygote's command line names no profile, so that none of the signs is enough alone.
 */
export function processesOf(home: string): readonly number[] {
  const all = allProcesses()
  const found = new Set(
    all
      .filter(
        ({ session, commandLine, environment }) =>
          environment.includes(`COORD_HOME=${home}\0`) ||
          commandLine.includes(`--user-data-dir=${home}/`) ||
          leaders.get(home)?.includes(session),
      )
      .map(({ pid }) => pid),
  )
  for (let before = -1; before !== found.size;) {
    before = found.size
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid)
  }
  found.delete(process.pid)
  return [...found]
}

/** Kills what is left of a test, and waits until it is gone. */
export async function killAll(home: string): Promise<void> {
  await until('the processes to go', () => {
    const left = processesOf(home)
    for (const pid of left)
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // went by itself
      }
    return left.length === 0
  })
  leaders.delete(home)
}

/** The app's window processes. */
export const renderersOf = (home: string): readonly number[] =>
  processesOf(home).filter((pid) => commandLineOf(pid).includes('--type=renderer'))
export const windowsOf = (home: string): number => renderersOf(home).length

export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** A line of /proc/PID/status as words. */
export const statusOf = (pid: number, name: string): readonly string[] =>
  new RegExp(`^${name}:\\s*(.*)$`, 'm')
    .exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    ?.split(/\s+/) ?? []

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

/** Chromium refuses its sandbox to root; `npm test` runs these as another user wherever that can be had. */
export const isRoot = process.getuid?.() === 0

const environment = (env: Readonly<Record<string, string>>): Record<string, string> => {
  const full: Record<string, string> = {
    ...(process.env as Record<string, string>),
    COORD_NODE: process.execPath,
    ...env,
  }
  delete full['ELECTRON_RUN_AS_NODE']
  return full
}

export interface RunningApp extends ChildProcess {
  readonly exited: Promise<number | string>
}
const ended = (child: ChildProcess): Promise<number | string> =>
  new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal ?? 'unknown')))

/** The app as `npm start` runs it, without Playwright between: for quits, signals and crashes. */
export function startApp(env: Readonly<Record<string, string>>, args: readonly string[] = []): RunningApp {
  const child = spawn(electronPath(), [...(isRoot ? ['--no-sandbox'] : []), ...args], {
    env: environment(env),
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // leads a session of its own
  })
  lead(env['COORD_HOME'], child.pid)
  // Read in any case: a full pipe would stop it.
  child.stderr.on('data', (bytes: Buffer) => process.env['COORD_E2E_VERBOSE'] && process.stderr.write(bytes))
  return Object.assign(child, { exited: ended(child) })
}

/** The same with Playwright at the window's end. */
export async function launchApp(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<{ readonly app: ElectronApplication; readonly exited: Promise<number | string> }> {
  // Here, so that a script without stories does not load the whole of Playwright.
  const { _electron } = await import('@playwright/test')
  const app = await _electron.launch({
    executablePath: electronPath(),
    chromiumSandbox: !isRoot,
    args: [...args],
    env: environment(env),
  })
  lead(env['COORD_HOME'], app.process().pid)
  return { app, exited: ended(app.process()) }
}
