/**
 * The browser front's server: the window's bundle and its data, for this machine only.
 * Who may read data is decided by a random token that travels in the URL's fragment (never sent, never logged) and comes
 * back as a header; `Host`, `Origin` and `Sec-Fetch-Site` keep other pages in the same browser out before that.
 */
import { randomBytes } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'
import { isSameSecret } from '../../shared/same-secret.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import type { Dispatch } from './serve-commands.ts'

/** The header that carries the token; a header of our own also makes every foreign request a preflighted one. */
export const TOKEN_HEADER = 'x-coord-token'

const BODY_LIMIT_BYTES = 2 * 1024 * 1024
/** A beat on an idle stream: a client that hears nothing for three of them knows that the connection is gone. */
const BEAT_MS = 10_000
const MAX_STREAMS = 32

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': CSP,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
} as const

const MIME: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

/** What the server needs: the same dispatcher and the same snapshots as every other front. */
export interface LoopbackDeps {
  readonly dispatch: Dispatch
  /** Calls the listener with each new snapshot; the return value ends that. */
  readonly subscribe: (listener: (snapshot: AppSnapshot) => void) => () => void
  /** The built window, `dist/window`. */
  readonly windowDir: string
  readonly host?: '127.0.0.1'
  /** 0, the default, takes any free port. */
  readonly port?: number
}

export interface ServedWindow {
  /** Opens the window in a browser; carries the token, so it is a secret of this user. */
  readonly url: string
  /** Ends every stream and stops listening. */
  close(): Promise<void>
}

function send(res: ServerResponse, status: number, type: string, body: string | Buffer): void {
  res.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  res.end(res.req.method === 'HEAD' ? undefined : body)
}
const sendJson = (res: ServerResponse, status: number, value: unknown): void =>
  send(res, status, 'application/json; charset=utf-8', JSON.stringify(value))
const refuse = (res: ServerResponse, status: number, code: string, message: string): void =>
  sendJson(res, status, { ok: false, error: { code, message } })

/** The request's body, or undefined where it is larger than the limit. */
async function readBody(req: IncomingMessage): Promise<string | undefined> {
  if (Number(req.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_LIMIT_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The decoded path of a request target, or undefined where it is one that no browser of ours would send. */
function pathOf(target: string): string | undefined {
  const raw = target.split(/[?#]/, 1)[0] ?? ''
  if (!raw.startsWith('/') || raw.startsWith('//')) return undefined
  try {
    const path = decodeURIComponent(raw)
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    return /[\\\u0000-\u001f\u007f]/.test(path) || path.split('/').includes('..') ? undefined : path
  } catch {
    return undefined
  }
}

/** Serves the window on loopback until `close`. Rejects where it cannot listen. */
export async function serveWindow(deps: LoopbackDeps): Promise<ServedWindow> {
  const { dispatch, subscribe, host = '127.0.0.1' } = deps
  const token = randomBytes(32).toString('base64url')
  const streams = new Set<() => void>()
  let port = 0

  const isAllowedOrigin = (req: IncomingMessage): boolean => {
    const { host: asked, origin } = req.headers
    const site = req.headers['sec-fetch-site']
    const names = [`${host}:${port}`, `localhost:${port}`]
    if (asked === undefined || !names.includes(asked)) return false
    if (origin !== undefined && origin !== `http://${asked}`) return false
    return site === undefined || site === 'same-origin' || site === 'none'
  }

  async function serveFile(path: string, res: ServerResponse): Promise<void> {
    const name = path === '/' ? 'index.html' : path.slice(1)
    const type = MIME[extname(name).toLowerCase()]
    try {
      if (!type) throw new Error('not a kind of file that the window has')
      // Resolved through links: nothing outside the bundle's folder is ever read.
      const root = await realpath(deps.windowDir)
      const file = await realpath(join(root, name))
      if (!file.startsWith(root + sep)) throw new Error('outside the bundle')
      send(res, 200, type, await readFile(file))
    } catch {
      if (name === 'index.html') {
        send(res, 503, 'text/plain; charset=utf-8', 'The window is not built yet: npm run build\n')
      } else refuse(res, 404, 'not-found', 'There is no such page.')
    }
  }

  async function serveCommand(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (!/^application\/json\b/i.test(req.headers['content-type'] ?? '')) {
      return refuse(res, 415, 'invalid-input', 'A command is JSON.')
    }
    const body = await readBody(req)
    if (body === undefined) {
      // The rest of the body is not read: the connection cannot be used again.
      res.setHeader('Connection', 'close')
      refuse(res, 413, 'invalid-input', 'That is too large to be sent at once.')
      res.once('finish', () => req.destroy())
      return
    }
    let asked: unknown
    try {
      asked = JSON.parse(body)
    } catch {
      return refuse(res, 400, 'invalid-input', 'That is no JSON.')
    }
    if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) {
      return refuse(res, 400, 'invalid-input', 'A command has a name and an input.')
    }
    const field = (key: string): unknown =>
      Object.hasOwn(asked, key) ? (asked as Record<string, unknown>)[key] : undefined
    sendJson(res, 200, await dispatch(field('name'), field('input')))
  }

  /** One snapshot a line. A slow reader gets the newest one when it has caught up, never a growing backlog. */
  function serveSnapshots(req: IncomingMessage, res: ServerResponse): void {
    if (streams.size >= MAX_STREAMS) return refuse(res, 503, 'refused', 'Too many windows are open.')
    res.writeHead(200, { ...HEADERS, 'Content-Type': 'application/x-ndjson; charset=utf-8' })
    let pending: AppSnapshot | undefined
    let isFull = false
    const push = (): void => {
      if (isFull || !pending) return
      const line = JSON.stringify(pending) + '\n'
      pending = undefined
      isFull = !res.write(line)
    }
    res.on('drain', () => {
      isFull = false
      push()
    })
    res.write('\n')
    const unsubscribe = subscribe((snapshot) => {
      pending = snapshot
      push()
    })
    const beat = setInterval(() => {
      if (!isFull) res.write('\n')
    }, BEAT_MS)
    const end = (): void => {
      if (!streams.delete(end)) return
      clearInterval(beat)
      unsubscribe()
      res.end()
    }
    streams.add(end)
    req.on('close', end)
    res.on('close', end)
    res.on('error', end)
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = pathOf(req.url ?? '')
    if (!isAllowedOrigin(req)) return refuse(res, 403, 'untrusted-sender', 'Only this window may ask that.')
    if (path === undefined) return refuse(res, 400, 'invalid-input', 'That is no address of this window.')
    if (path === '/command' || path === '/snapshots') {
      const method = path === '/command' ? 'POST' : 'GET'
      if (req.method !== method) {
        res.setHeader('Allow', method)
        return refuse(res, 405, 'invalid-input', 'That cannot be asked in this way.')
      }
      if (!isSameSecret(req.headers[TOKEN_HEADER], token)) {
        return refuse(
          res,
          401,
          'untrusted-sender',
          'This window has no valid key. Open it from Coord Tray again.',
        )
      }
      return path === '/command' ? serveCommand(req, res) : serveSnapshots(req, res)
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('Allow', 'GET, HEAD')
      return refuse(res, 405, 'invalid-input', 'That cannot be asked in this way.')
    }
    return serveFile(path, res)
  }

  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 30_000 }, (req, res) => {
    serve(req, res).catch(() => {
      // A client that went away in the middle of its body, or an answer that could not be written.
      if (res.headersSent) res.destroy()
      else refuse(res, 500, 'failed', 'Something went wrong inside Coord Tray.')
    })
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(deps.port ?? 0, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0

  return {
    url: `http://${host}:${port}/#token=${token}`,
    close: () =>
      new Promise((resolve) => {
        for (const end of [...streams]) end()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
