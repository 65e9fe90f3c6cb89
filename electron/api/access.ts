/** Who calls: a machine's token, an administrator's, or nobody where none is demanded; and what each may do in whose name. */
import { assertNever, ok, type Result } from '../../shared/result.ts'
import { machineOf, toMachineKey } from '../../shared/session.ts'
import { refuse, tooMuch } from './answers.ts'
import { Buckets, type Rate } from './rates.ts'
import type { Answer, Caller, Change, Store } from './store.ts'
import { createTokenLookup } from './token-lookup.ts'

/** What one token may do: far more than a workstation with all its programs does. */
export interface Rates {
  readonly reads: Rate
  readonly writes: Rate
}
const USUAL: Rates = { reads: { aSecond: 200, burst: 2_000 }, writes: { aSecond: 50, burst: 200 } }

export interface Access {
  /** Who it is, or the answer that refuses; null where nobody has to say. `address`: from where the call comes. */
  callerOf(authorization: string | undefined, address: string): Promise<Result<Caller | null, Answer>>
  /** The same for a person's browser, which asks for a name and a password: the token is the password. For pages that only show. */
  viewerOf(authorization: string | undefined, address: string): Promise<Result<Caller | null, Answer>>
  /** The answer for one call too many. */
  slowDown(caller: Caller | null, use: keyof Rates): Answer | undefined
}

const UNKNOWN = 'Authorization: this server demands a token: coord join URL asks for it (or set COORD_TOKEN)'
const REVOKED =
  'Authorization: this token is unknown here, or was revoked; coord token add MACHINE, where the server runs, makes a new one'

const BROWSER = 'Basic realm="coord: any name, and the token as the password"'

export interface AccessRules {
  /** The environment's, an administrator's. */
  readonly token: string | null
  /** Whether anybody has to say who they are. */
  readonly isDemanded: boolean
  readonly rates?: Partial<Rates> | undefined
  /** Milliseconds of a steady clock. */
  readonly now?: (() => number) | undefined
}

/** Lets callers in by their tokens, and counts what they do. */
export function createAccess(store: Pick<Store, 'access'>, rules: AccessRules): Access {
  const rates = { ...USUAL, ...rules.rates }
  const now = rules.now ?? (() => performance.now())
  const tokens = createTokenLookup(store, rules.token, now)
  const buckets = { reads: new Buckets(rates.reads), writes: new Buckets(rates.writes) }

  async function callerBy(
    token: string | undefined,
    address: string,
  ): Promise<Result<Caller | null, Answer>> {
    if (!rules.isDemanded) return ok(null)
    if (token === undefined) return { ok: false, error: refuse(401, UNKNOWN) }
    const found = await tokens.find(token, address)
    if (!found.ok) return found
    return found.value ? ok(found.value) : { ok: false, error: refuse(401, REVOKED) }
  }

  return {
    callerOf: (authorization, address) =>
      callerBy(/^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1], address),
    async viewerOf(authorization, address) {
      const basic = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1]
      if (basic === undefined && authorization !== undefined) return this.callerOf(authorization, address)
      const named = basic === undefined ? undefined : Buffer.from(basic, 'base64').toString()
      const found = await callerBy(named?.slice(named.indexOf(':') + 1), address)
      if (found.ok || found.error.status !== 401) return found
      return { ok: false, error: { ...found.error, headers: { 'WWW-Authenticate': BROWSER } } }
    },
    slowDown(caller, use) {
      if (caller === null) return undefined
      const waitS = buckets[use].take(`${caller.isAdmin} ${toMachineKey(caller.machine)}`, now())
      return waitS === 0
        ? undefined
        : tooMuch(`too many ${use}: ${caller.machine} may make ${rates[use].aSecond} a second`, waitS)
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
    case 'item.change':
      // Work is taken for oneself, or given back; an item may be made for anybody, as a message is written to anybody.
      return [['assignee', change.assignee ?? null], ...ofActors(change.actors)]
    case 'workflow.change':
    case 'item.create':
      return ofActors(change.actors)
    case 'lock.give-back':
      return [['session_id', change.session]]
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

/** Whether a caller may change a work item that `assignee` works on (null: nobody). A name without a machine is no session's. */
export const mayChangeItem = (caller: Caller | null, assignee: string | null): boolean =>
  caller === null || caller.isAdmin || assignee === null || !assignee.includes('/') || isOwn(caller, assignee)
