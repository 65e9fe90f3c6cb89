/** Who may ask the browser front's server what: our own page, with the token, in the right form. Anything else is refused. */
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { CommandError } from '../../shared/protocol.ts'
import { isSameSecret } from '../../shared/same-secret.ts'

export const HOST = '127.0.0.1'
/** The header that carries the token; a header of our own also makes every foreign request a preflighted one. */
const TOKEN_HEADER = 'x-coord-token'
const BODY_LIMIT_BYTES = 2 * 1024 * 1024

export interface Env {
  readonly Bindings: HttpBindings
}
type Guard = MiddlewareHandler<Env>

type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 413 | 415 | 500 | 503
export const refuse = (
  c: Context,
  status: RefusalStatus,
  code: CommandError['code'],
  message: string,
): Response => c.json({ ok: false, error: { code, message } }, status)

/** Only this window's own page, by its own address, may ask anything. */
export const onlyOwnPage =
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
export const onlyWithToken =
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
export const onlyJson: Guard = async (c, next) => {
  if (/^application\/json\b/i.test(c.req.header('content-type') ?? '')) return next()
  return refuse(c, 415, 'invalid-input', 'A command is JSON.')
}

export const onlySmall: Guard = bodyLimit({
  maxSize: BODY_LIMIT_BYTES,
  onError(c) {
    // The rest of the body is not read: the connection cannot be used again.
    c.header('Connection', 'close')
    return refuse(c, 413, 'invalid-input', 'That is too large to be sent at once.')
  },
})
