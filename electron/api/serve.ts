/** Serves the coordination API: opens the store, listens, sweeps, and stops in order. */
import { mkdir } from 'node:fs/promises'
import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { err, ok, type Result } from '../../shared/result.ts'
import { createApp } from './app.ts'
import { createFeed } from './change-feed.ts'
import { createServerClock } from './clock.ts'
import { createLimits, watchConnections } from './connections.ts'
import { createStreams } from './events.ts'
import { isLoopback } from './guard.ts'
import { openSqliteStore } from './sqlite/store.ts'
import type { OpenError } from './sqlite/open.ts'
import type { Store } from './store.ts'

export interface ServeOptions {
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  /** A file, or a database server: `mariadb://USER@HOST/DATABASE`. */
  readonly database: string
  /** The password of the database's user, where the address has none. */
  readonly databasePassword?: string | undefined
  /** Demanded from every caller when listening beyond loopback. */
  readonly token?: string | undefined
  /** Said by `/health`; derived by the caller from a secret of the person's. */
  readonly instance: string
  /** Answers a challenge with a key that only this user can read. */
  readonly prove?: ((nonce: string, baseUrl: string) => string) | undefined
  /** More names under which the server is called, when listening beyond loopback. */
  readonly hostNames?: readonly string[] | undefined
  readonly log?: ((line: string) => void) | undefined
  /** Called once when the server has stopped, for whatever reason. */
  readonly onClosed?: (() => void) | undefined
  /** The time that counts, for tests of what takes hours. */
  readonly now?: (() => number) | undefined
}

export interface ServeError {
  readonly code:
    | OpenError['code']
    | 'port-in-use'
    | 'port-refused'
    | 'host-unknown'
    | 'token-needed'
    | 'token-weak'
    | 'listen-failed'
  /** One sentence for a person. */
  readonly message: string
}

export interface Serving {
  readonly url: string
  readonly instance: string
  close(): Promise<void>
}

/** 128 bits in the letters of base64. */
const SHORTEST_TOKEN = 22
const SWEEP_EVERY_MS = 60_000
const SWEEP_AGAIN_MS = 500
const CLOSE_GRACE_MS = 3_000
const KEEP_ALIVE_MS = 65_000
const REQUEST_LIMIT_MS = 30_000
/** Two names of a thousand characters in a path, each of which may take twelve bytes, and some more. */
const HEADER_BYTES = 65_536

/** Serves until `close`; what prevents it comes back as a value with a sentence. */
export async function serveApi(options: ServeOptions): Promise<Result<Serving, ServeError>> {
  const { host, log = () => undefined } = options
  const now = options.now ?? createServerClock(log)
  const isLocal = isLoopback(host)
  if (!isLocal && !options.token)
    return err({
      code: 'token-needed',
      message: `listening on ${host} opens the API to other machines: set COORD_TOKEN first, here and on each of them`,
    })
  if (!isLocal && (options.token ?? '').length < SHORTEST_TOKEN)
    return err({
      code: 'token-weak',
      message: `COORD_TOKEN is too short to listen on ${host}: it needs 128 bits, at least ${SHORTEST_TOKEN} characters drawn at random (openssl rand -hex 16)`,
    })
  const store = await openStore(options, log)
  if (!store.ok) return store
  const hostNames = [host, ...(isLocal ? [] : [hostname()]), ...(options.hostNames ?? [])].map((n) =>
    n.toLowerCase(),
  )
  const feed = createFeed(store.value, log)
  const streams = createStreams(store.value, feed)
  const app = createApp({
    store: store.value,
    feed,
    streams,
    limits: createLimits(),
    prove: options.prove,
    rules: { hostNames, token: isLocal ? null : (options.token ?? null) },
    instance: options.instance,
    now,
    log,
  })
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    serverOptions: {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: REQUEST_LIMIT_MS,
      requestTimeout: REQUEST_LIMIT_MS,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: HEADER_BYTES,
    },
  }) as Server
  const connections = watchConnections(server, (response) => streams.has(response))
  const failure = await listen(server, host, options.port)
  if (failure) {
    await store.value.close()
    return err(failure)
  }
  server.on('error', (problem) => log(`server: ${problem.message}`))
  const sweeper = startSweeping(store.value, now, log)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      sweeper.stop()
      connections.stop()
      streams.stop()
      feed.stop()
      await stopListening(server)
      await store.value.close()
      options.onClosed?.()
    })()
    return closing
  }
  return ok({ url: urlOf(server, host), instance: options.instance, close })
}

/** The store that the database's name asks for; the driver of a database server is loaded only for one. */
async function openStore(
  { database, databasePassword }: ServeOptions,
  log: (line: string) => void,
): Promise<Result<Store, ServeError>> {
  if (isServerAddress(database)) {
    const { openMariaStore, parseAddress } = await import('./mariadb/store.ts')
    const address = parseAddress(database, databasePassword)
    if (!address.ok) return err({ code: 'database-unusable', message: address.error })
    return openMariaStore(address.value, log)
  }
  try {
    await mkdir(dirname(database), { recursive: true, mode: 0o700 })
  } catch (problem) {
    return err({
      code: 'database-unusable',
      message: `${dirname(database)} cannot be made: ${String(problem)}`,
    })
  }
  return openSqliteStore(database, log)
}

/** Whether a database is a server's, as opposed to a file. */
export const isServerAddress = (database: string): boolean => /^[a-z][a-z0-9+]+:\/\//i.test(database)

function urlOf(server: Server, host: string): string {
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
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
