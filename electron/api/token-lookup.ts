/** Whose a token is. The database is asked seldom for one that is good, once for one that is none, and a guess costs who makes it. */
import { createHash } from 'node:crypto'
import { ok, type Result } from '../../shared/result.ts'
import { isSameSecret } from '../../shared/same-secret.ts'
import { tooMuch, unavailable } from './answers.ts'
import { Buckets, type Rate } from './rates.ts'
import type { Answer, Caller, FoundToken, Store } from './store.ts'

/** How long a token that was found is believed; a revoked one does nothing any more after that. */
const BELIEVED_MS = 1_000
/** How long one that is none is refused without another look. Tokens are drawn at random: nobody tries one before it is made. */
const REFUSED_MS = 30_000
/** Of each of the two: so many are remembered. */
const MOST_REMEMBERED = 10_000
/** Tokens that are none, from one address. */
const GUESSES: Rate = { aSecond: 1, burst: 30 }
/** Who has the token of the environment. */
const OPERATOR: Caller = { machine: 'operator', isAdmin: true }

/** What is kept of a token. A long random one needs no slow hash. */
export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex')

export interface TokenLookup {
  /**
   * Whose it is; undefined where it is unknown or revoked. `address`: from where it came, as `networkOf` gives it. An answer instead
   * where the database is away, or where too many came from there that were none.
   */
  find(token: string, address: string): Promise<Result<Caller | undefined, Answer>>
}

/** `environment`: an administrator's token. `now`: milliseconds of a steady clock. */
export function createTokenLookup(
  store: Pick<Store, 'access'>,
  environment: string | null,
  now: () => number,
): TokenLookup {
  const good = new Map<string, { readonly caller: Caller; readonly until: number }>()
  const refused = new Map<string, number>()
  const looking = new Map<string, Promise<Result<Caller | undefined, Answer>>>()
  const guesses = new Buckets(GUESSES)

  /** A row of the table counts before the environment, a revoked one too: a machine's token makes nobody an administrator. */
  async function look(hash: string, isEnvironment: boolean): Promise<Result<Caller | undefined, Answer>> {
    const found = await store.access.find(hash)
    if (!found.ok) {
      // What the table said of the environment's token last: an administrator may look at a server whose database is away.
      const before = isEnvironment ? good.get(hash)?.caller : undefined
      return before ? ok(before) : { ok: false, error: unavailable(found.error) }
    }
    const row = found.value
    const caller = row === undefined ? (isEnvironment ? OPERATOR : undefined) : callerOf(row)
    good.delete(hash)
    if (caller) remember(good, hash, { caller, until: now() + BELIEVED_MS })
    else remember(refused, hash, now() + REFUSED_MS)
    return ok(caller)
  }

  function lookOnce(hash: string, isEnvironment: boolean): Promise<Result<Caller | undefined, Answer>> {
    const begun = looking.get(hash)
    if (begun) return begun
    const one = look(hash, isEnvironment).finally(() => looking.delete(hash))
    looking.set(hash, one)
    return one
  }

  return {
    async find(token, address) {
      const hash = hashOfToken(token)
      const known = good.get(hash)
      if (known && known.until > now()) return ok(known.caller)
      if ((refused.get(hash) ?? 0) > now()) return ok(undefined)
      const isEnvironment = environment !== null && isSameSecret(token, environment)
      // One that was good before is no guess, whatever others at its address do.
      if (known || isEnvironment || looking.has(hash)) return lookOnce(hash, isEnvironment)
      const waitS = guesses.take(address, now())
      if (waitS > 0)
        return {
          ok: false,
          error: tooMuch('Authorization: too many tokens that are none came from your address', waitS),
        }
      const found = await lookOnce(hash, isEnvironment)
      if (!found.ok || found.value) guesses.giveBack(address)
      return found
    },
  }
}

const callerOf = ({ machine, isAdmin, isRevoked }: FoundToken): Caller | undefined =>
  isRevoked ? undefined : { machine, isAdmin }

/** The one that was remembered first makes room. */
function remember<T>(map: Map<string, T>, hash: string, value: T): void {
  map.delete(hash)
  if (map.size >= MOST_REMEMBERED) {
    const [oldest] = map.keys()
    if (oldest !== undefined) map.delete(oldest)
  }
  map.set(hash, value)
}
