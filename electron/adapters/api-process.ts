/** The embedded API as a process of its own: join it, start it, or say who holds its port; take over within 5 s. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { createListeners } from '../../shared/listeners.ts'
import type { Log } from '../core/ports.ts'
import { readHomeKey } from './home-key.ts'
import { lookAtServer } from './look-at-server.ts'
import { makeFolder } from './make-folder.ts'

/** A database of an earlier version with a million messages is migrated before the first answer. */
const START_TIMEOUT_MS = 120_000
const WATCH_EVERY_MS = 1_500
const END_TIMEOUT_MS = 2_000

type ApiChild = ChildProcessByStdio<Writable, Readable, Readable>

export interface EnsureApiOptions {
  readonly home: string
  readonly port: number
  /** The program whose `serve` command is the API. */
  readonly cliPath: string
  /** A Node ≥ 24; null: this executable as Node. */
  readonly node: string | null
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

export type ApiState =
  | { readonly kind: 'serving'; readonly url: string }
  /** Another process of the same user serves it. */
  | { readonly kind: 'joined'; readonly url: string }
  /** Nothing is served and nothing may be sent; `message` is for a person. */
  | { readonly kind: 'blocked'; readonly message: string }

export interface ApiHandle {
  state(): ApiState
  /** Told when it changes; returns the unsubscribe function. */
  onChange(listener: (state: ApiState) => void): () => void
  /** Ends the process that we started, if any. */
  stop(): Promise<void>
}

/** Resolves as soon as it is known whether there is an API; goes on watching until `stop`. */
export async function ensureApi(options: EnsureApiOptions): Promise<ApiHandle> {
  makeFolder(options.home, 0o700)
  const api = new EmbeddedApi(options)
  await api.start()
  return api
}

class EmbeddedApi implements ApiHandle {
  readonly #options: EnsureApiOptions
  readonly #key: ReturnType<typeof readHomeKey>
  readonly #listeners
  #child: ChildProcess | null = null
  #isStopped = false
  #timer: NodeJS.Timeout | null = null
  #state: ApiState = { kind: 'blocked', message: 'The API is not started yet.' }
  /** With port 0: the port of the first start, kept for later ones so that everybody finds it again. */
  #port: number

  constructor(options: EnsureApiOptions) {
    this.#options = options
    this.#key = readHomeKey(options.home)
    this.#port = options.port
    this.#listeners = createListeners<ApiState>((cause) =>
      options.log.error('a listener failed', { cause: String(cause) }),
    )
  }

  state(): ApiState {
    return this.#state
  }

  onChange(listener: (state: ApiState) => void): () => void {
    return this.#listeners.add(listener)
  }

  async start(): Promise<void> {
    await this.#look()
    this.#lookSoon(WATCH_EVERY_MS)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#timer) clearTimeout(this.#timer)
    if (this.#child) await endOf(this.#child)
  }

  #enter(next: ApiState): void {
    const isSame = JSON.stringify(next) === JSON.stringify(this.#state)
    this.#state = next
    if (isSame) return
    this.#options.log.info('embedded API', { ...next })
    this.#listeners.tell(next)
  }

  async #look(): Promise<void> {
    if (this.#child !== null) return
    const port = this.#port
    const url = `http://127.0.0.1:${port}`
    const found = port === 0 ? 'nobody' : (await lookAtServer(url, this.#key)).kind
    if (this.#isStopped) return
    if (found === 'ours') this.#enter({ kind: 'joined', url })
    else if (found === 'other')
      this.#enter({
        kind: 'blocked',
        message: `Port ${port} of this machine is held by another program; nothing is served and nothing is sent. Set COORD_PORT to a free port.`,
      })
    else {
      const started = await this.#serve()
      // Two may have started at once: the one that lost the port finds the other and joins.
      const isJoined =
        started.kind === 'blocked' && this.#port !== 0 && (await lookAtServer(url, this.#key)).kind === 'ours'
      this.#enter(isJoined ? { kind: 'joined', url } : started)
    }
  }

  #lookSoon(delayMs: number): void {
    if (this.#timer !== null || this.#isStopped) return
    const lookAndGoOn = (): void =>
      void this.#look()
        .catch((cause: unknown) =>
          this.#options.log.error('watching the API failed', { cause: String(cause) }),
        )
        .then(() => {
          this.#timer = null
          this.#lookSoon(WATCH_EVERY_MS)
        })
    this.#timer = setTimeout(lookAndGoOn, Math.max(delayMs, 250))
    this.#timer.unref()
  }

  async #serve(): Promise<ApiState> {
    const mine = spawnApi(this.#options, this.#port)
    this.#child = mine
    const announced = await announcementOf(mine, () => {
      if (this.#child === mine) this.#child = null
      if (!this.#isStopped) this.#lookSoon(0)
    })
    if (announced.kind === 'serving') this.#port = Number(new URL(announced.url).port)
    return announced
  }
}

function spawnApi(options: EnsureApiOptions, port: number): ApiChild {
  const { home } = options
  const args = [options.cliPath, 'serve', '--host', '127.0.0.1', '--port', String(port)]
  args.push('--database', join(home, 'coord.db'), '--until-stdin-closes')
  const env: NodeJS.ProcessEnv = { ...options.env, COORD_HOME: home }
  delete env['NODE_OPTIONS']
  // An Electron as Node; harmless for a Node.
  if (process.versions['electron'] !== undefined && options.node === null) env['ELECTRON_RUN_AS_NODE'] = '1'
  else delete env['ELECTRON_RUN_AS_NODE']
  const child = spawn(options.node ?? process.execPath, args, {
    env,
    cwd: home,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  })
  // It lives as long as its stdin: ours ends with us, however we end.
  child.stdin.on('error', () => undefined)
  return child
}

/** Where it listens, or why it does not; `onEnd` is told of its end, whenever that is. */
function announcementOf(child: ApiChild, onEnd: () => void): Promise<ApiState> {
  let lastWords = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-1_000)
  })
  return new Promise((resolve) => {
    const limit = setTimeout(() => {
      child.kill()
      resolve({ kind: 'blocked', message: 'The API process did not answer in time.' })
    }, START_TIMEOUT_MS)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = addressIn(line)
      if (url === undefined) return
      clearTimeout(limit)
      resolve({ kind: 'serving', url })
    })
    const ended = (why: string): void => {
      clearTimeout(limit)
      const words = (lastWords.trim() || why).slice(-300)
      resolve({ kind: 'blocked', message: `The API process ended: ${words}` })
      onEnd()
    }
    child.on('error', (cause) => ended(String(cause)))
    child.on('exit', (code, signal) => ended(`exit ${code ?? signal ?? ''}`))
  })
}

/** Of `{"listening":"http://…"}`; any other line is no announcement. */
function addressIn(line: string): string | undefined {
  try {
    const { listening } = JSON.parse(line) as { listening?: unknown }
    return typeof listening === 'string' ? listening : undefined
  } catch {
    return undefined
  }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise<void>((resolve) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      resolve()
    }, END_TIMEOUT_MS)
    child.once('exit', () => {
      clearTimeout(limit)
      resolve()
    })
    child.stdin?.end()
  })
}
