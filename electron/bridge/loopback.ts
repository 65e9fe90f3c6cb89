/**
 * The browser front's server: the window's bundle and its data, for this machine only.
 * Who may read data is decided by a random token that travels in the URL's fragment (never sent, never logged) and comes
 * back as a header; `Host`, `Origin` and `Sec-Fetch-Site` keep other pages in the same browser out before that.
 */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { CommandError } from '../../shared/protocol.ts'
import { isSameSecret } from '../../shared/same-secret.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { createOpenCodes, uidOfPeer } from './open-codes.ts'
import type { Dispatch } from './serve-commands.ts'
import { streamSnapshots, type SnapshotStream } from './snapshot-stream.ts'
import { pathOfTarget, readWindowFile } from './window-files.ts'
import { windowHeaders } from './window-origin.ts'
import { isNonce, proofOf } from './window-proof.ts'

/** The header that carries the token; a header of our own also makes every foreign request a preflighted one. */
const TOKEN_HEADER = 'x-coord-token'
const BODY_LIMIT_BYTES = 2 * 1024 * 1024
const MAX_STREAMS = 32
const HOST = '127.0.0.1'

/** What the server needs: the same dispatcher and the same snapshots as every other front. */
export interface LoopbackDeps {
  readonly dispatch: Dispatch
  /** Calls the listener with each new snapshot; the return value ends that. */
  readonly subscribe: (listener: (snapshot: AppSnapshot) => void) => () => void
  /** The built window, `dist/window`. */
  readonly windowDir: string
  /** Where the window was before: taken again with its key, so that a page that is open goes on, if the port is free. */
  readonly kept?: KeptAddress | undefined
}
/** The port and the key of a window. */
export interface KeptAddress {
  readonly port: number
  readonly token: string
}

export interface ServedWindow {
  /** Opens the window in a browser; carries the token, so it is a secret of this user. */
  readonly url: string
  /** An address that opens the window once, soon: for a browser's command line, which is no place for a secret. */
  readonly openOnce: () => string
  /** Ends every stream and stops listening. */
  close(): Promise<void>
}

interface Env {
  readonly Bindings: HttpBindings
}
type Guard = MiddlewareHandler<Env>

type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 413 | 415 | 500 | 503
const refuse = (c: Context, status: RefusalStatus, code: CommandError['code'], message: string): Response =>
  c.json({ ok: false, error: { code, message } }, status)

/** Only this window's own page, by its own address, may ask anything. */
const onlyOwnPage =
  (portOf: () => number): Guard =>
  (c, next) => {
    const { host: asked, origin, 'sec-fetch-site': site } = c.env.incoming.headers
    const isOurs =
      asked !== undefined &&
      [`${HOST}:${portOf()}`, `localhost:${portOf()}`].includes(asked) &&
      (origin === undefined || origin === `http://${asked}`) &&
      (site === undefined || site === 'same-origin' || site === 'none')
    return isOurs
      ? next()
      : Promise.resolve(refuse(c, 403, 'untrusted-sender', 'Only this window may ask that.'))
  }

/** Data is asked with one method, and with the token. */
const onlyWithToken =
  (method: string, tokenOf: () => string): Guard =>
  async (c, next) => {
    if (c.req.method !== method) {
      c.header('Allow', method)
      return refuse(c, 405, 'invalid-input', 'That cannot be asked in this way.')
    }
    if (isSameSecret(c.req.header(TOKEN_HEADER), tokenOf())) return next()
    return refuse(c, 401, 'untrusted-sender', 'This window has no valid key. Open it from Coord Tray again.')
  }

/** JSON only: a form of another page cannot send it without being asked first. */
const onlyJson: Guard = async (c, next) => {
  if (/^application\/json\b/i.test(c.req.header('content-type') ?? '')) return next()
  return refuse(c, 415, 'invalid-input', 'A command is JSON.')
}

const onlySmall: Guard = bodyLimit({
  maxSize: BODY_LIMIT_BYTES,
  onError(c) {
    // The rest of the body is not read: the connection cannot be used again.
    c.header('Connection', 'close')
    return refuse(c, 413, 'invalid-input', 'That is too large to be sent at once.')
  },
})

async function runCommand(c: Context<Env>, dispatch: Dispatch): Promise<Response> {
  let asked: unknown
  try {
    asked = JSON.parse(await c.req.text())
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    return refuse(c, 400, 'invalid-input', 'That is no JSON.')
  }
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked))
    return refuse(c, 400, 'invalid-input', 'A command has a name and an input.')
  const field = (key: string): unknown =>
    Object.hasOwn(asked, key) ? (asked as Record<string, unknown>)[key] : undefined
  return c.json(await dispatch(field('name'), field('input')))
}

async function giveFile(c: Context<Env>, windowDir: string): Promise<Response> {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    c.header('Allow', 'GET, HEAD')
    return refuse(c, 405, 'invalid-input', 'That cannot be asked in this way.')
  }
  const path = pathOfTarget(c.env.incoming.url ?? '')
  if (path === undefined) return refuse(c, 400, 'invalid-input', 'That is no address of this window.')
  const file = await readWindowFile(windowDir, path)
  if (file) return c.body(file.bytes, 200, { 'Content-Type': file.type })
  if (path === '/') return c.text('The window is not built yet: npm run build\n', 503)
  return refuse(c, 404, 'not-found', 'There is no such page.')
}

/** A browser comes with a one-time code, and goes on with the key in its fragment. */
function openByCode(
  c: Context<Env>,
  isGood: (code: string) => boolean,
  port: number,
  token: string,
): Response {
  const peer = uidOfPeer(c.env.incoming.socket.remotePort ?? 0, port)
  const isOurs = peer === undefined || peer === process.getuid?.()
  // Taken in any case: a code that another user knows is of no use to anybody any more.
  const opens = isGood(c.req.param('code') ?? '') && isOurs
  return opens
    ? c.redirect(`/#token=${token}`, 303)
    : c.text('This address opened the window once. Start Coord Tray again.\n', 410)
}

const newToken = (): string => randomBytes(32).toString('base64url')

/** Serves the window on loopback until `close`. Rejects where it cannot listen. */
export async function serveWindow(deps: LoopbackDeps): Promise<ServedWindow> {
  // Never the kept key at another port: whoever has the old port now may have been given it.
  let token = deps.kept?.token ?? newToken()
  const streams = new Set<SnapshotStream>()
  const codes = createOpenCodes()
  let port = 0
  const openOnce = (): string => `http://${HOST}:${port}/open/${codes.create()}`

  const app = new Hono<Env>()
  app.use(async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(windowHeaders('self'))) c.header(name, value)
  })
  app.use(onlyOwnPage(() => port))
  app.all(
    '/command',
    onlyWithToken('POST', () => token),
    onlyJson,
    onlySmall,
    (c) => runCommand(c, deps.dispatch),
  )
  app.all(
    '/snapshots',
    onlyWithToken('GET', () => token),
    (c) => {
      if (streams.size >= MAX_STREAMS) return refuse(c, 503, 'refused', 'Too many windows are open.')
      const stream = streamSnapshots(deps.subscribe, () => streams.delete(stream))
      streams.add(stream)
      return c.body(stream.body, 200, { 'Content-Type': 'application/x-ndjson; charset=utf-8' })
    },
  )
  app.all(
    '/open',
    onlyWithToken('POST', () => token),
    (c) => c.json({ url: openOnce() }),
  )
  app.get('/open/:code', (c) =>
    // HEAD comes here too, from a program that only looks: it takes no code.
    c.req.method === 'HEAD' ? c.body(null, 204) : openByCode(c, (code) => codes.take(code), port, token),
  )
  app.get('/proof/:nonce', (c) => {
    const { nonce } = c.req.param()
    return isNonce(nonce)
      ? c.text(proofOf(token, nonce))
      : refuse(c, 400, 'invalid-input', 'That is nothing to be proven.')
  })
  app.all('*', (c) => giveFile(c, deps.windowDir))
  // A client that went away in the middle of its body, or a bug.
  app.onError((_, c) => refuse(c, 500, 'failed', 'Something went wrong inside Coord Tray.'))

  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    serverOptions: { maxHeaderSize: 16 * 1024, requestTimeout: 30_000 },
  }) as Server
  try {
    port = await listen(server, deps.kept?.port ?? 0)
  } catch (cause) {
    if (!deps.kept) throw cause
    token = newToken()
    port = await listen(server, 0)
  }
  return {
    url: `http://${HOST}:${port}/#token=${token}`,
    openOnce,
    close: () =>
      new Promise((resolve) => {
        for (const stream of [...streams]) stream.end()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Listens on loopback; gives the port. */
function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
