/** The window's words: codes and states in, sentences with a way out. Pure. */
import { degradedWords, wrongAnswerWords } from '../shared/attention.ts'
import type { Call } from '../shared/call.ts'
import type { CommandError, FlushCounts, ReleaseOutcome } from '../shared/protocol.ts'
import type { AppSnapshot, CallRow, LifeKind, SessionView, WorkspaceView } from '../shared/snapshot.ts'
import { counted, showInvisible, toCount } from '../shared/text.ts'
import type { Link } from './data/window-bridge.ts'
import { toClock, toPast } from './time.ts'

/** Why nothing can be done: the engine is gone. */
export const NO_ANSWER = 'Coord Tray does not answer'

/** The one line of state: a short title and what it means now. */
export function describeState({
  connection,
  totals,
}: {
  readonly connection: AppSnapshot['connection']
  readonly totals: Pick<AppSnapshot['totals'], 'waiting' | 'setAside'>
}): {
  title: string
  meaning: string
} {
  const { waiting, setAside } = totals
  const wait = counted(waiting, 'call waits', 'calls wait')
  const also = setAside === 0 ? '' : `${counted(setAside, 'call was', 'calls were')} set aside.`
  const say = (title: string, meaning: string): { title: string; meaning: string } => ({
    title,
    meaning: [meaning, also].filter((text) => text !== '').join(' '),
  })
  const kept = `${wait}, and nothing is lost.`
  switch (connection.state) {
    case 'connecting':
      return say('Connecting', 'Asking whether the coordination API is there.')
    case 'offline':
      return say('Offline', waiting === 0 ? 'Nothing waits. New calls are kept safe.' : kept)
    case 'degraded': {
      const until = connection.until ? ` until ${toClock(connection.until)}` : ''
      return say(`${degradedWords(connection)}${until}`, waiting === 0 ? 'Nothing waits.' : kept)
    }
    case 'wrong-answer':
      return say(
        wrongAnswerWords(connection),
        waiting === 0 ? 'Nothing is sent.' : `Nothing is sent: ${wait}.`,
      )
    case 'online':
      return say('Online', waiting > 0 ? `${wait} to be sent.` : setAside > 0 ? '' : 'Nothing waits.')
  }
}

/** The connection in a few words, for the sidebar, with how good that is. */
export function describePill(
  {
    connection,
    totals,
    sessions,
    readAt,
  }: Pick<AppSnapshot, 'connection' | 'sessions' | 'readAt'> & {
    readonly totals: Pick<AppSnapshot['totals'], 'waiting' | 'setAside'>
  },
  link: Link,
): { text: string; tone: 'good' | 'warn' | 'bad' } {
  if (link === 'lost') return { text: 'No answer', tone: 'bad' }
  if (link === 'refused') return { text: 'No valid key', tone: 'bad' }
  const { waiting, setAside } = totals
  const kept = waiting === 0 ? '' : ` · ${toCount(waiting)} kept`
  switch (connection.state) {
    case 'connecting':
      return { text: 'Connecting', tone: 'warn' }
    case 'offline':
      return { text: `Offline${kept}`, tone: 'warn' }
    case 'degraded':
      return {
        text: `${connection.until === null ? degradedWords(connection) : 'The API asks to wait'}${kept}`,
        tone: 'warn',
      }
    case 'wrong-answer':
      return { text: `${connection.isRefused === true ? 'Not let in' : 'Not the API'}${kept}`, tone: 'bad' }
    case 'online':
      if (waiting > 0)
        return { text: `Online · ${toCount(waiting)} waiting`, tone: setAside > 0 ? 'warn' : 'good' }
      if (setAside > 0) return { text: `Online · ${toCount(setAside)} set aside`, tone: 'warn' }
      // Before locks and messages were read, not all sessions are known.
      if (readAt === null) return { text: 'Online', tone: 'good' }
      return { text: `Online · ${counted(sessions.length, 'session')}`, tone: 'good' }
  }
}

/** Never sent as it is: no call at all, or one that leads outside the protocol. */
export const isOnlyEditable = (call: Pick<CallRow, 'method' | 'path' | 'cause'>): boolean =>
  call.method === null || call.path === null || call.cause === 'refused'

const REASONS: Readonly<Record<string, string>> = {
  expired: 'The claim was older than its time to live, so it was not sent.',
  'released-later': 'The same backlog releases this lock again, so the claim was not sent.',
  superseded: 'The component was set again after this call, so it was not sent.',
  duplicate: 'The very same call was delivered a short time before.',
  read: 'It only reads, so there was nothing to catch up.',
  refused: 'It leads outside the coordination API, so it is never sent as it is. Edit it to send it.',
  'session-active':
    'Its session took a lock after this call was queued; sending it would release that lock too.',
  'already gone': 'Its target was gone already.',
}

const SIGNS: Readonly<Record<LifeKind, string>> = {
  claim: 'claimed a lock',
  message: 'sent a message',
  queue: 'queued a call',
  hook: 'its tool started or ended',
}

const GUARD: Readonly<Record<NonNullable<SessionView['guard']>['did'], string>> = {
  claimed: 'claimed a lock for it',
  kept: 'renewed its lock',
  queued: 'queued a claim',
  warned: 'warned it of another session',
  refused: 'refused it a write',
}
/** What a session's guard did last, without its time. */
export const describeGuard = (did: keyof typeof GUARD): string => `Its guard ${GUARD[did]}`

/** One sign of life, without its time: `claimed a lock`. */
export const describeSign = (kind: LifeKind): string => SIGNS[kind]

/** What told last that a session is at work: `queued a call 3 min ago · claimed a lock 2 h ago`. */
export const describeLife = (life: SessionView['life'], nowMs: number): string =>
  life.length === 0
    ? 'no sign of life known'
    : life.map(({ kind, at }) => `${SIGNS[kind]} ${toPast(at, nowMs)}`).join(' · ')

/** Why a call was set aside or skipped, as a sentence. */
export function describeReason(call: Pick<Call, 'reason' | 'status'>): string {
  const known = Object.hasOwn(REASONS, call.reason) ? REASONS[call.reason] : undefined
  if (known) return known
  const text = call.reason.trim() || 'No reason was given.'
  return call.status !== null && !text.includes(String(call.status))
    ? `${text} (status ${call.status})`
    : text
}

/** The path without the part that all of them share. */
export const shortPath = (path: string): string => path.replace(/^\/api\/coord\//, '')

/** A line's bytes as text; `isText` is false where they are not UTF-8. */
export function toRawText(raw: Call['raw']): { text: string; isText: boolean } {
  if (typeof raw === 'string') return { text: raw, isText: true }
  try {
    const bytes = Uint8Array.from(atob(raw.base64), (char) => char.charCodeAt(0))
    return { text: new TextDecoder().decode(bytes), isText: false }
  } catch {
    return { text: raw.base64, isText: false }
  }
}

/** For reading: JSON is indented, the rest stands as it is. */
export function toReadable(text: string): string {
  try {
    return showInvisible(JSON.stringify(JSON.parse(text), null, 2))
  } catch {
    return showInvisible(text)
  }
}

/** What an edited line must be: one JSON object with a method and a path. Undefined where it is. */
export function explainLine(line: string): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'This is not JSON yet.'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'A call is one JSON object: { … }.'
  const { method, path } = value as Record<string, unknown>
  if (typeof method !== 'string' || method === '') return 'It needs a "method": POST, PUT, PATCH or DELETE.'
  if (typeof path !== 'string' || !path.startsWith('/api/coord/'))
    return 'It needs a "path" that begins with /api/coord/.'
  return undefined
}

/** Who has this workspace's outbox, where that is worth saying. */
export function describeOwner(owner: WorkspaceView['owner']): string | undefined {
  switch (owner) {
    case 'this':
      return undefined
    case 'other-process':
      return 'Another Coord Tray on this machine sends these calls; this one watches.'
    case 'other-machine':
      return 'Another machine or container sends these calls; this one watches.'
    case 'none':
      return 'Nobody sends these calls yet.'
  }
}

/** An error of a command, with the way out. */
export function describeError(error: CommandError): string {
  const say = (wayOut: string): string =>
    error.message ? `${error.message.replace(/[.\s]*$/, '.')} ${wayOut}` : wayOut
  switch (error.code) {
    case 'storage':
      return say('Check that the folder can be written and that the disk is not full, then try again.')
    case 'not-found':
      return say('It may have ended meanwhile.')
    case 'unknown-command':
      return say('Restart Coord Tray.')
    case 'untrusted-sender':
      return say('Open the window from Coord Tray again.')
    case 'failed':
      return say('Try again; Settings opens the log.')
    case 'invalid-input':
    case 'set-elsewhere':
    case 'not-a-folder':
    case 'refused':
      return error.message || 'That was refused.'
  }
}

/** What became of a release. */
export function describeRelease(outcome: ReleaseOutcome & { readonly told?: number }): string {
  const parts: string[] = []
  if (outcome.released > 0) parts.push(`${counted(outcome.released, 'lock')} released.`)
  if (outcome.queued > 0)
    parts.push(`${counted(outcome.queued, 'release')} queued: sent as soon as the API answers.`)
  for (const { holder, reason } of outcome.refused.slice(0, 3))
    parts.push(`Not released (held by ${holder}): ${reason}.`)
  if (outcome.refused.length > 3) parts.push(`And ${outcome.refused.length - 3} more were not released.`)
  if (outcome.told !== undefined && outcome.told > 0)
    parts.push(
      `${outcome.queued > 0 ? 'Then ' : ''}${counted(outcome.told, 'session is', 'sessions are')} told that it is free.`,
    )
  return parts.length > 0 ? parts.join(' ') : 'There was nothing to release.'
}

/** What became of a message that asks the holder of a lock. */
export const describeAsked =
  (holder: string) =>
  (sent: { readonly queued: boolean }): string =>
    sent.queued ? `Queued: ${holder} is asked as soon as the API answers.` : `Asked: ${holder} has a message.`

/** What became of a flush. */
export function describeFlush(sum: FlushCounts): string {
  const parts = [`${counted(sum.delivered, 'call')} delivered`]
  if (sum.setAside > 0) parts.push(`${toCount(sum.setAside)} set aside`)
  if (sum.skipped > 0) parts.push(`${toCount(sum.skipped)} skipped`)
  if (sum.waiting > 0) parts.push(`${toCount(sum.waiting)} still waiting`)
  return `${parts.join(', ')}.`
}
