/** Serves the coordination API: opens the store, listens, sweeps, and stops in order. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { getRequestListener, RequestError } from '@hono/node-server'
import { err, ok, type Result } from '../../shared/result.ts'
import { createAccess, type Rates } from './access.ts'
import { refuse } from './answers.ts'
import { createApp, type Answered } from './app.ts'
import { createFeed } from './change-feed.ts'
import { createServerClock } from './clock.ts'
import { createLimits, watchConnections } from './connections.ts'
import { createStreams } from './events.ts'
import { createMetrics } from './metrics.ts'
import { toResponse } from './http-call.ts'
import { openDoor, type Door, type DoorError, type DoorOptions } from './front-door.ts'
import { openStore, type DatabaseChoice } from './open-store.ts'
import type { OpenError } from './sqlite/open.ts'
import type { Store } from './store.ts'

export interface ServeOptions extends DatabaseChoice, DoorOptions {
  /** 0 = any free one. */
  readonly port: number
  /** Said by `/health`; derived by the caller from a secret of the person's. */
  readonly instance: string
  /** Answers a challenge with a key that only this user can read. */
  readonly prove?: ((nonce: string, baseUrl: string) => string) | undefined
  readonly log?: ((line: string) => void) | undefined
  /** Told of each answer, for a log of them. */
  readonly onAnswer?: ((answer: Answered) => void) | undefined
  /** Called once when the server has stopped, for whatever reason. */
  readonly onClosed?: (() => void) | undefined
  /** How much one token may read and write; what is usual where absent. */
  readonly rates?: Partial<Rates> | undefined
  /** The time that counts, for tests of what takes hours. */
  readonly now?: (() => number) | undefined
}

export interface ServeError {
  readonly code:
    OpenError['code'] | 'port-in-use' | 'port-refused' | 'host-unknown' | DoorError['code'] | 'listen-failed'
  /** One sentence for a person. */
  readonly message: string
}

export interface Serving {
  readonly url: string
  readonly instance: string
  close(): Promise<void>
}

const SWEEP_EVERY_MS = 60_000
const SWEEP_AGAIN_MS = 500
/** While the database is away, and nobody calls. */
const LOOK_AGAIN_MS = 5_000
const CLOSE_GRACE_MS = 3_000
const KEEP_ALIVE_MS = 65_000
const REQUEST_LIMIT_MS = 30_000
const HANDSHAKE_LIMIT_MS = 10_000
/** Two names of a thousand characters in a path, each of which may take twelve bytes, and some more. */
const HEADER_BYTES = 65_536

/** Serves until `close`; what prevents it comes back as a value with a sentence. */
export async function serveApi(options: ServeOptions): Promise<Result<Serving, ServeError>> {
  const { host, log = () => undefined } = options
  const now = options.now ?? createServerClock(log)
  const store = await openStore(options, log)
  if (!store.ok) return store
  const door = await openDoor(options, store.value)
  if (!door.ok) {
    await store.value.close()
    return door
  }
  for (const warning of door.value.warnings) log(warning)
  const { rules, isDemanded, tls, proxies } = door.value
  const feed = createFeed(store.value, log)
  const streams = createStreams(store.value, feed)
  const metrics = createMetrics(store.value)
  const app = createApp({
    store: store.value,
    feed,
    streams,
    limits: createLimits(),
    prove: options.prove,
    rules,
    metrics,
    onAnswer: options.onAnswer,
    access: createAccess(store.value, { token: options.token ?? null, isDemanded, rates: options.rates }),
    proxies,
    instance: options.instance,
    now,
    log,
  })
  const server = createHttpServer(app.fetch, tls, log)
  const connections = watchConnections(server, (response) => streams.has(response))
  const failure = await listen(server, host, options.port)
  if (failure) {
    await store.value.close()
    return err(failure)
  }
  server.on('error', (problem) => log(`server: ${problem.message}`))
  const sweeper = startSweeping(store.value, now, log)
  const watch = watchStore(store.value, now, log)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      sweeper.stop()
      watch.stop()
      connections.stop()
      streams.stop()
      feed.stop()
      metrics.stop()
      await stopListening(server)
      await store.value.close()
      options.onClosed?.()
    })()
    return closing
  }
  return ok({ url: urlOf(server, host, tls === null ? 'http' : 'https'), instance: options.instance, close })
}

/** Not listening yet: how long a caller may take, and how much it may send before it is understood. */
function createHttpServer(
  fetch: ReturnType<typeof createApp>['fetch'],
  tls: Door['tls'],
  log: (line: string) => void,
): Server {
  const answer = getRequestListener(fetch, { errorHandler: (problem) => unreadable(problem, log) })
  const listener: RequestListener = (request, response) => void answer(request, response)
  const limits = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: REQUEST_LIMIT_MS,
    requestTimeout: REQUEST_LIMIT_MS,
    connectionsCheckingInterval: 5_000,
    maxHeaderSize: HEADER_BYTES,
    // Refused with a word, as every request is.
    requireHostHeader: false,
  }
  return tls
    ? createTlsServer({ ...tls, ...limits, handshakeTimeout: HANDSHAKE_LIMIT_MS }, listener)
    : createServer(limits, listener)
}

/** What no request can be made of: no host, or a path that is none. */
function unreadable(problem: unknown, log: (line: string) => void): Response {
  if (problem instanceof RequestError)
    return toResponse(refuse(400, `not an HTTP request: ${problem.message}`))
  log(`a bug: ${String(problem)}`)
  return toResponse(refuse(500, 'internal error'))
}

function urlOf(server: Server, host: string, scheme: string): string {
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

async function listen(server: Server, host: string, port: number): Promise<ServeError | undefined> {
  const problem = await new Promise<NodeJS.ErrnoException | undefined>((settle) => {
    server.once('error', settle)
    server.listen({ host, port }, () => {
      server.off('error', settle)
      settle(undefined)
    })
  })
  switch (problem?.code) {
    case undefined:
      return problem && { code: 'listen-failed', message: problem.message }
    case 'EADDRINUSE':
      return { code: 'port-in-use', message: `port ${port} on ${host} is held by another program` }
    case 'EACCES':
      return {
        code: 'port-refused',
        message: `this system does not let us listen on port ${port} of ${host}`,
      }
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return { code: 'host-unknown', message: `${host} is no address of this machine` }
    default:
      return { code: 'listen-failed', message: `cannot listen on ${host}:${port}: ${problem?.message ?? ''}` }
  }
}

/** Answers what is in flight, lets idle connections go, and cuts what is still open after a moment. */
async function stopListening(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  await new Promise<void>((done) => {
    server.close(() => done())
    server.closeIdleConnections()
  })
  clearTimeout(cut)
}

function startSweeping(store: Store, now: () => number, log: (line: string) => void): { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const plan = (delayMs: number): void => {
    if (isStopped) return
    timer = setTimeout(() => void step(), delayMs)
    timer.unref()
  }
  const step = async (): Promise<void> => {
    try {
      const swept = await store.sweep(now())
      plan(swept.ok && swept.value > 0 ? SWEEP_AGAIN_MS : SWEEP_EVERY_MS)
    } catch (bug) {
      log(`housekeeping: ${String(bug)}`)
      plan(SWEEP_EVERY_MS)
    }
  }
  plan(SWEEP_AGAIN_MS)
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/** Looks whether a database that was away is back, where no call does: `/health/live` says what was seen last. */
function watchStore(store: Store, now: () => number, log: (line: string) => void): { stop(): void } {
  const timer = setInterval(() => {
    if (!store.isUsable()) store.check(now()).catch((bug: unknown) => log(`a bug: ${String(bug)}`))
  }, LOOK_AGAIN_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
