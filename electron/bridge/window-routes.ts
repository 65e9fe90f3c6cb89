/** What the browser front's server answers: commands, snapshots, the window's files, and how a browser comes to the key. */
import { Hono, type Context } from 'hono'
import { uidOfPeer } from './open-codes.ts'
import type { Dispatch } from './serve-commands.ts'
import type { SnapshotStreams } from './snapshot-stream.ts'
import { pathOfTarget, readWindowFile } from './window-files.ts'
import { onlyJson, onlyOwnPage, onlySmall, onlyWithToken, refuse, type Env } from './window-guards.ts'
import { windowHeaders } from './window-origin.ts'
import { isNonce, proofOf } from './window-proof.ts'

export interface RoutesDeps {
  readonly dispatch: Dispatch
  readonly streams: SnapshotStreams
  /** The built window, `dist/window`. */
  readonly windowDir: string
  /** Where it listens and its key are known once it does. */
  readonly port: () => number
  readonly token: () => string
  readonly openOnce: () => string
  /** Whether a code opens the window; it does once. */
  readonly takeCode: (code: string) => boolean
}

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

function giveSnapshots(c: Context<Env>, streams: SnapshotStreams): Response {
  const stream = streams.open()
  return stream
    ? c.body(stream.body, 200, { 'Content-Type': 'application/x-ndjson; charset=utf-8' })
    : refuse(c, 503, 'refused', 'Too many windows are open.')
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
  { takeCode, port, token }: Pick<RoutesDeps, 'takeCode' | 'port' | 'token'>,
): Response {
  // HEAD comes here too, from a program that only looks: it takes no code.
  if (c.req.method === 'HEAD') return c.body(null, 204)
  const peer = uidOfPeer(c.env.incoming.socket.remotePort ?? 0, port())
  const isOurs = peer === undefined || peer === process.getuid?.()
  // Taken in any case: a code that another user knows is of no use to anybody any more.
  const opens = takeCode(c.req.param('code') ?? '') && isOurs
  return opens
    ? c.redirect(`/#token=${token()}`, 303)
    : c.text('This address opened the window once. Start Coord Tray again.\n', 410)
}

/** Shows who asks that the key is known here, without saying it. */
function giveProof(c: Context<Env>, nonce: string, token: string): Response {
  return isNonce(nonce)
    ? c.text(proofOf(token, nonce))
    : refuse(c, 400, 'invalid-input', 'That is nothing to be proven.')
}

export function createWindowRoutes(deps: RoutesDeps): Hono<Env> {
  const { dispatch, streams, windowDir, port, token, openOnce } = deps
  const app = new Hono<Env>()
  app.use(async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(windowHeaders('self'))) c.header(name, value)
  })
  app.use(onlyOwnPage(port))
  app.all('/command', onlyWithToken('POST', token), onlyJson, onlySmall, (c) => runCommand(c, dispatch))
  app.all('/snapshots', onlyWithToken('GET', token), (c) => giveSnapshots(c, streams))
  app.all('/open', onlyWithToken('POST', token), (c) => c.json({ url: openOnce() }))
  app.get('/open/:code', (c) => openByCode(c, deps))
  app.get('/proof/:nonce', (c) => giveProof(c, c.req.param('nonce'), token()))
  app.all('*', (c) => giveFile(c, windowDir))
  // A client that went away in the middle of its body, or a bug.
  app.onError((_, c) => refuse(c, 500, 'failed', 'Something went wrong inside Coord Tray.'))
  return app
}
