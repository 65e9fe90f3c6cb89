/**
 * The browser front's server: the window's bundle and its data, for this machine only.
 * Who may read data is decided by a random token that travels in the URL's fragment (never sent, never logged) and comes
 * back as a header; `Host`, `Origin` and `Sec-Fetch-Site` keep other pages in the same browser out before that.
 */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { createOpenCodes } from './open-codes.ts'
import type { Dispatch } from './serve-commands.ts'
import { SnapshotStreams, type Subscribe } from './snapshot-stream.ts'
import { HOST } from './window-guards.ts'
import { createWindowRoutes } from './window-routes.ts'

/** What the server needs: the same dispatcher and the same snapshots as every other front. */
export interface LoopbackDeps {
  readonly dispatch: Dispatch
  readonly subscribe: Subscribe
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

const newToken = (): string => randomBytes(32).toString('base64url')

/** Serves the window on loopback until `close`. Rejects where it cannot listen. */
export async function serveWindow(deps: LoopbackDeps): Promise<ServedWindow> {
  const { dispatch, windowDir, kept } = deps
  // Never the kept key at another port: whoever has the old port now may have been given it.
  let token = kept?.token ?? newToken()
  let port = 0
  const streams = new SnapshotStreams(deps.subscribe)
  const codes = createOpenCodes()
  const openOnce = (): string => `http://${HOST}:${port}/open/${codes.create()}`
  const { fetch } = createWindowRoutes({
    ...{ dispatch, windowDir, streams, openOnce },
    port: () => port,
    token: () => token,
    takeCode: (code) => codes.take(code),
  })
  const server = createAdaptorServer({
    fetch,
    overrideGlobalObjects: false,
    serverOptions: { maxHeaderSize: 16 * 1024, requestTimeout: 30_000 },
  }) as Server
  try {
    port = await listen(server, kept?.port ?? 0)
  } catch (cause) {
    if (!kept) throw cause
    token = newToken()
    port = await listen(server, 0)
  }
  return {
    url: `http://${HOST}:${port}/#token=${token}`,
    openOnce,
    close: () =>
      new Promise((resolve) => {
        streams.endAll()
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
