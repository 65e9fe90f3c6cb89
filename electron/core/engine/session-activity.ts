/** Evidence of life of this machine's sessions: which kind of sign each gave last, and when. */
import { isOfMachine, type Machine } from '../../../shared/session.ts'
import { lifeKinds, type LifeKind, type SessionView } from '../../../shared/snapshot.ts'
import { parseTime, type EpochMs } from '../../../shared/time.ts'
import type { WaitingCall } from '../outbox/contract.ts'
import { queryOf } from '../outbox/replay/call-target.ts'
import { isoOrNull } from '../coord/staleness.ts'
import type { AppState, Life } from './state.ts'

export interface Sign {
  readonly session: string | null
  readonly kind: LifeKind
  readonly at: EpochMs | undefined
}

const MAX_SESSIONS_WITH_LIFE = 500
/** Times from elsewhere that lie further ahead than two clocks differ prove nothing. */
const MAX_AHEAD_MS = 5 * 60_000

/** Keeps the newest sign of each kind; the same object where nothing is newer. */
export function withSigns(
  life: AppState['life'],
  signs: readonly Sign[],
  machine: Machine,
  now: EpochMs,
): AppState['life'] {
  let next: Record<string, Life> | null = null
  for (const { session, kind, at } of signs) {
    if (session === null || at === undefined || at > now + MAX_AHEAD_MS || !isOfMachine(session, machine))
      continue
    const all = next ?? life
    const was = Object.hasOwn(all, session) ? (all[session] ?? {}) : {}
    if ((was[kind] ?? -Infinity) >= at) continue
    next ??= { ...life }
    next[session] = { ...was, [kind]: at }
  }
  if (next === null) return life
  const names = Object.keys(next)
  if (names.length <= MAX_SESSIONS_WITH_LIFE) return next
  const kept = names
    .sort((a, b) => newestOf(next[b] ?? {}) - newestOf(next[a] ?? {}))
    .slice(0, MAX_SESSIONS_WITH_LIFE)
  return Object.fromEntries(kept.map((name) => [name, next[name] ?? {}]))
}

const newestOf = (life: Life): EpochMs => Math.max(-Infinity, ...lifeKinds.map((k) => life[k] ?? -Infinity))

const NAMED = /"(?:session_id|from_session|updated_by|created_by)"\s*:\s*("(?:[^"\\]|\\.){1,400}")/

/** The session that a waiting line is of, read without parsing the line: it may be cut, or no JSON at all. */
export function sessionOfLine(call: Pick<WaitingCall, 'path' | 'raw'>): string | null {
  const asked = call.path === null ? undefined : queryOf(call.path).get('session_id')
  if (asked) return asked
  const found = NAMED.exec(call.raw)?.[1]
  if (!found) return null
  try {
    const text: unknown = JSON.parse(found)
    return typeof text === 'string' && text !== '' ? text : null
  } catch {
    return null
  }
}

/** Signs of the calls that wait: a call is queued when its session was at work, whenever it is sent. */
export const signsOfWaiting = (calls: readonly WaitingCall[]): readonly Sign[] =>
  calls.map((c) => ({ session: sessionOfLine(c), kind: 'queue', at: parseTime(c.ts) }))

function hooksOf(
  session: string,
  { hooksAt, guards }: Pick<AppState, 'hooksAt' | 'guards'>,
): Pick<SessionView, 'guard' | 'hookAt'> {
  const word = Object.hasOwn(guards, session) ? guards[session] : undefined
  const at = isoOrNull(word?.at)
  return {
    guard: word && at !== null ? { at, did: word.did } : null,
    hookAt: isoOrNull(Object.hasOwn(hooksAt, session) ? hooksAt[session] : undefined),
  }
}

/** Sessions that hold a lock here or gave a sign of life, the liveliest first. */
export function toSessionViews(
  state: Pick<AppState, 'life' | 'locks' | 'machine' | 'hooksAt' | 'guards'>,
): SessionView[] {
  const names = new Set(Object.keys(state.life))
  for (const l of state.locks) if (isOfMachine(l.session_id, state.machine)) names.add(l.session_id)
  const lifeOf = (name: string): Life => (Object.hasOwn(state.life, name) ? (state.life[name] ?? {}) : {})
  return [...names]
    .map((session) => ({ session, life: lifeOf(session) }))
    .sort((a, b) => newestOf(b.life) - newestOf(a.life) || a.session.localeCompare(b.session))
    .map(({ session, life }) => ({
      session,
      ...hooksOf(session, state),
      life: lifeKinds
        .flatMap((kind) => {
          const at = isoOrNull(life[kind])
          return at === null ? [] : [{ kind, at }]
        })
        .sort((a, b) => b.at.localeCompare(a.at)),
    }))
}
