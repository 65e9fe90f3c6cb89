/** The embedded API as a process of its own: join it, start it, or say who holds its port; take over within 5 s. */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createListeners } from '../../shared/listeners.ts'
import type { Log } from '../core/ports.ts'
import { readHomeKey } from './home-key.ts'
import { lookAtServer } from './look-at-server.ts'
import { makeFolder } from './make-folder.ts'

/** A database of an earlier version with a million messages is migrated before the first answer. */
const START_TIMEOUT_MS = 120_000
const WATCH_EVERY_MS = 1_500
const END_TIMEOUT_MS = 2_000

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
  const { home, log } = options
  makeFolder(home, 0o700)
  const key = readHomeKey(home)
  const fixedUrl = `http://127.0.0.1:${options.port}`
  const listeners = createListeners<ApiState>((cause) =>
    log.error('a listener failed', { cause: String(cause) }),
  )
  let child: ChildProcess | null = null
  let isStopped = false
  let timer: NodeJS.Timeout | null = null
  let state: ApiState = { kind: 'blocked', message: 'The API is not started yet.' }
  /** With port 0: the port of the first start, kept for later ones so that everybody finds it again. */
  let chosenPort = options.port

  const enter = (next: ApiState): void => {
    const isSame = JSON.stringify(next) === JSON.stringify(state)
    state = next
    if (isSame) return
    log.info('embedded API', { ...next })
    listeners.tell(next)
  }

  function start(): Promise<ApiState> {
    const args = [options.cliPath, 'serve', '--host', '127.0.0.1', '--port', String(chosenPort)]
    args.push('--database', join(home, 'coord.db'), '--until-stdin-closes')
    const env: NodeJS.ProcessEnv = { ...options.env, COORD_HOME: home }
    delete env['NODE_OPTIONS']
    // An Electron as Node; harmless for a Node.
    if (process.versions['electron'] !== undefined && options.node === null) env['ELECTRON_RUN_AS_NODE'] = '1'
    else delete env['ELECTRON_RUN_AS_NODE']
    const mine = spawn(options.node ?? process.execPath, args, {
      env,
      cwd: home,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    })
    child = mine
    // It lives as long as its stdin: ours ends with us, however we end.
    mine.stdin.on('error', () => undefined)
    let lastWords = ''
    mine.stderr.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-1_000)
    })
    return new Promise((resolve) => {
      const limit = setTimeout(() => {
        mine.kill()
        resolve({ kind: 'blocked', message: 'The API process did not answer in time.' })
      }, START_TIMEOUT_MS)
      createInterface({ input: mine.stdout }).on('line', (line) => {
        try {
          const { listening } = JSON.parse(line) as { listening?: unknown }
          if (typeof listening !== 'string') return
          clearTimeout(limit)
          chosenPort = Number(new URL(listening).port)
          resolve({ kind: 'serving', url: listening })
        } catch {
          // Any other line is no announcement.
        }
      })
      const ended = (why: string): void => {
        clearTimeout(limit)
        if (child === mine) child = null
        resolve({
          kind: 'blocked',
          message: `The API process ended: ${(lastWords.trim() || why).slice(-300)}`,
        })
        if (!isStopped) lookSoon(0)
      }
      mine.on('error', (cause) => ended(String(cause)))
      mine.on('exit', (code, signal) => ended(`exit ${code ?? signal ?? ''}`))
    })
  }

  async function look(): Promise<void> {
    if (child !== null) return
    const url = chosenPort === options.port ? fixedUrl : `http://127.0.0.1:${chosenPort}`
    const found = chosenPort === 0 ? 'nobody' : (await lookAtServer(url, key)).kind
    if (isStopped) return
    if (found === 'ours') enter({ kind: 'joined', url })
    else if (found === 'other')
      enter({
        kind: 'blocked',
        message: `Port ${chosenPort} of this machine is held by another program; nothing is served and nothing is sent. Set COORD_PORT to a free port.`,
      })
    else {
      const started = await start()
      // Two may have started at once: the one that lost the port finds the other and joins.
      if (started.kind === 'blocked' && chosenPort !== 0 && (await lookAtServer(url, key)).kind === 'ours')
        enter({ kind: 'joined', url })
      else enter(started)
    }
  }

  function lookSoon(delayMs: number): void {
    if (timer !== null || isStopped) return
    timer = setTimeout(
      () => {
        void look()
          .catch((cause: unknown) => log.error('watching the API failed', { cause: String(cause) }))
          .then(() => {
            timer = null
            lookSoon(WATCH_EVERY_MS)
          })
      },
      Math.max(delayMs, 250),
    )
    timer.unref()
  }

  await look()
  lookSoon(WATCH_EVERY_MS)
  return {
    state: () => state,
    onChange: listeners.add,
    async stop() {
      isStopped = true
      if (timer) clearTimeout(timer)
      const mine = child
      if (!mine) return
      await new Promise<void>((resolve) => {
        const limit = setTimeout(() => {
          mine.kill('SIGKILL')
          resolve()
        }, END_TIMEOUT_MS)
        mine.once('exit', () => {
          clearTimeout(limit)
          resolve()
        })
        mine.stdin?.end()
      })
    },
  }
}
