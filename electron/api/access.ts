/** Who calls: a machine's token, an administrator's, or nobody where none is demanded; and what each may do in whose name. */
import { createHash } from 'node:crypto'
import { assertNever, ok, type Result } from '../../shared/result.ts'
import { isSameSecret } from '../../shared/same-secret.ts'
import { machineOf, toMachineKey } from '../../shared/session.ts'
import { refuse, unavailable } from './answers.ts'
import type { Answer, Caller, Change, Store } from './store.ts'

/** How long a token that was found is believed; a revoked one does nothing any more after that. */
const BELIEVED_MS = 1_000
const MOST_BELIEVED = 10_000
/** Writes of one token. */
export interface Rate {
  readonly aSecond: number
  /** How many at once. */
  readonly burst: number
}
const RATE: Rate = { aSecond: 50, burst: 200 }
/** Who has the token of the environment. */
const OPERATOR: Caller = { machine: 'operator', isAdmin: true }

/** What is kept of a token. A long random one needs no slow hash. */
export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex')

export interface Access {
  /** Who it is, or the answer that refuses; null where nobody has to say. */
  callerOf(authorization: string | undefined): Promise<Result<Caller | null, Answer>>
  /** The same for a person's browser, which asks for a name and a password: the token is the password. For pages that only show. */
  viewerOf(authorization: string | undefined): Promise<Result<Caller | null, Answer>>
  /** The answer for one write too many. */
  slowDown(caller: Caller | null): Answer | undefined
}

const UNKNOWN = 'Authorization: this server demands a token: coord join URL asks for it (or set COORD_TOKEN)'
const REVOKED =
  'Authorization: this token is unknown here, or was revoked; coord token add MACHINE, where the server runs, makes a new one'

const BROWSER = 'Basic realm="coord: any name, and the token as the password"'

/** `token`: the environment's, an administrator's. `isDemanded`: whether anybody has to say who they are. */
export function createAccess(
  store: Store,
  rules: { readonly token: string | null; readonly isDemanded: boolean; readonly rate?: Rate | undefined },
): Access {
  const { aSecond, burst } = rules.rate ?? RATE
  const believed = new Map<string, { readonly caller: Caller; readonly until: number }>()
  const buckets = new Map<string, { left: number; at: number }>()

  async function find(token: string): Promise<Result<Caller | undefined, Answer>> {
    if (rules.token !== null && isSameSecret(token, rules.token)) return ok(OPERATOR)
    const hash = hashOfToken(token)
    const known = believed.get(hash)
    if (known && known.until > performance.now()) return ok(known.caller)
    believed.delete(hash)
    const found = await store.access.find(hash)
    if (!found.ok) return { ok: false, error: unavailable(found.error) }
    if (believed.size >= MOST_BELIEVED) believed.clear()
    if (found.value) believed.set(hash, { caller: found.value, until: performance.now() + BELIEVED_MS })
    return ok(found.value)
  }

  async function callerBy(token: string | undefined): Promise<Result<Caller | null, Answer>> {
    if (!rules.isDemanded) return ok(null)
    if (token === undefined) return { ok: false, error: refuse(401, UNKNOWN) }
    const found = await find(token)
    if (!found.ok) return found
    return found.value ? ok(found.value) : { ok: false, error: refuse(401, REVOKED) }
  }

  return {
    callerOf: (authorization) => callerBy(/^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]),
    async viewerOf(authorization) {
      const basic = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1]
      if (basic === undefined && authorization !== undefined) return this.callerOf(authorization)
      const named = basic === undefined ? undefined : Buffer.from(basic, 'base64').toString()
      const found = await callerBy(named?.slice(named.indexOf(':') + 1))
      if (found.ok || found.error.status !== 401) return found
      return { ok: false, error: { ...found.error, headers: { 'WWW-Authenticate': BROWSER } } }
    },
    slowDown(caller) {
      if (caller === null) return undefined
      const now = performance.now()
      const key = `${caller.isAdmin} ${toMachineKey(caller.machine)}`
      const bucket = buckets.get(key) ?? { left: burst, at: now }
      bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) * aSecond) / 1000)
      bucket.at = now
      buckets.set(key, bucket)
      if (bucket.left < 1)
        return {
          ...refuse(
            429,
            `too many writes: ${caller.machine} may make ${aSecond} a second. Try again in a second.`,
            {
              retry_after: 1,
            },
          ),
          headers: { 'Retry-After': '1' },
        }
      bucket.left--
      return undefined
    },
  }
}

const isOwn = (caller: Caller, session: string): boolean =>
  session.includes('/') && toMachineKey(machineOf(session)) === toMachineKey(caller.machine)

/** The sessions in whose name a change is made, by the field that names them. */
function namesOf(change: Change): readonly (readonly [field: string, session: string | null])[] {
  switch (change.kind) {
    case 'lock.release':
      // Somebody else's stale lock is released in its holder's name, by whoever says so in their own.
      return change.isIfStale && change.releasedBy !== null
        ? [['released_by', change.releasedBy]]
        : [
            ['session_id', change.session],
            ['released_by', change.releasedBy],
          ]
    case 'lock.renew':
    case 'lock.release-all':
    case 'message.read':
      return [['session_id', change.session]]
    case 'message.send':
      return [['from_session', change.from], ...ofActors(change.actors)]
    case 'lock.claim':
      return [['session_id', change.session], ...ofActors(change.actors)]
    case 'component.set':
      return [['updated_by', change.updatedBy], ...ofActors(change.actors)]
    case 'workflow.create':
      return [['created_by', change.createdBy], ...ofActors(change.actors)]
    case 'workflow.change':
    case 'item.create':
    case 'item.change':
      return ofActors(change.actors)
    default:
      return assertNever(change)
  }
}
const ofActors = (actors: readonly string[]) => actors.map((actor) => ['session_id', actor] as const)

/** The answer where a caller acts in another's name; undefined where it may. What depends on a row, the store judges. */
export function refuseForeign(caller: Caller | null, change: Change): Answer | undefined {
  if (caller === null || caller.isAdmin) return undefined
  const foreign = namesOf(change).find(([, session]) => session !== null && !isOwn(caller, session))
  if (!foreign) return undefined
  const [field, session] = foreign
  return refuse(
    403,
    `${field}: ${session ?? ''} is not yours: this token is ${caller.machine}'s and acts as ${caller.machine}/… only`,
    { field },
  )
}

/** Whether a caller may mark a message read that went to `to` (null: to all), as `session` (null: for all). */
export function mayMarkRead(caller: Caller | null, to: string | null, session: string | null): boolean {
  if (caller === null || caller.isAdmin) return true
  return to === null ? session !== null : isOwn(caller, to)
}
