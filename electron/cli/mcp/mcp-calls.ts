/** What the tools do: calls of the coordination API, made at once or queued, and what came of them as data. */
import { z } from 'zod'
import { readJson } from '../../../shared/json.ts'
import type { MessageRow } from '../../../shared/wire.ts'
import { neededForPath } from '../../adapters/needed-files.ts'
import { appendFacts, readRecord, readRecords } from '../../adapters/session-records.ts'
import { foreignName } from '../../core/sessions/foreign-words.ts'
import { judge } from '../../core/sessions/judge.ts'
import { isBroadcast, newsFor, tellMessages, toldFacts } from '../../core/sessions/messages.ts'
import type { Context } from '../context.ts'
import type { Live, Why } from '../live.ts'
import { refusedWords } from '../refused.ts'
import { serverNow } from '../rows.ts'
import type { Receipt } from './receipts.ts'

/** The outcome of one tool: `text` for the model, `data` for its program. */
export interface ToolOutcome {
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
  readonly isError: boolean
  /** What follows once the client has it. */
  readonly receipt?: Receipt
}

const done = (text: string, data: ToolOutcome['data']): ToolOutcome => ({ text, data, isError: false })
const failed = (text: string, data: ToolOutcome['data'] = {}): ToolOutcome => ({
  text,
  data: { error: text, ...data },
  isError: true,
})

export interface Caller {
  readonly live: Live
  readonly context: Context
  readonly session: string
  /** Ids of messages that this server has given; those that the session's hooks showed are in its record. */
  readonly given: Set<string>
}

const asObject = (json: unknown): Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : {}

/** A write, and how its end is told. */
export async function write(
  { live }: Caller,
  method: string,
  path: string,
  body: unknown,
  said: string,
): Promise<ToolOutcome> {
  const outcome = await live.write(method, path, body)
  if (outcome.kind === 'queued')
    return done(
      `Queued: the coordination API is away (${outcome.why}). It is sent by itself as soon as it answers.`,
      {
        queued: true,
      },
    )
  if (outcome.kind === 'refused')
    return failed(refusedWords(outcome), {
      status: outcome.status,
      answer: asObject(outcome.json),
    })
  return done(said, { queued: false, row: asObject(outcome.json) })
}

const notRead = ({ why }: Why): ToolOutcome =>
  failed(`Unknown: the coordination API cannot be asked (${why}).`, { unknown: true })

/** Held locks of a project, or of all. */
export async function locks(caller: Caller, project: string | undefined): Promise<ToolOutcome> {
  const rows = await caller.live.rows('locks', (client) =>
    client.locks(project === undefined ? {} : { project }),
  )
  if ('why' in rows) return notRead(rows)
  return done(
    rows.length === 0
      ? 'No locks are held.'
      : rows
          .map((row) =>
            // other sessions' words, each in its place on the one line
            [row.id, row.project_key, row.resource, row.session_id]
              .map((text) => foreignName(text))
              .join('  '),
          )
          .join('\n'),
    { locks: rows },
  )
}

/** Whose a file is. */
export async function guardCheck(caller: Caller, path: string): Promise<ToolOutcome> {
  const needed = neededForPath(path, caller.context.cwd)
  if (!needed)
    return done('It is in no project: nothing guards it.', { state: 'free', resource: null, project: null })
  const rows = await caller.live.rows('locks', (client) => client.locks({ project: needed.project }))
  if ('why' in rows) return notRead(rows)
  const owner = judge(needed, caller.session, rows, serverNow(caller.live))
  const lock = owner.kind === 'free' ? null : owner.lock
  return done(
    `${needed.resource} (project ${needed.project}): ${owner.kind}${lock ? `, ${foreignName(lock.session_id)}` : ''}`,
    {
      state: owner.kind === 'stale' ? 'held' : owner.kind,
      stale: owner.kind === 'stale',
      project: needed.project,
      resource: needed.resource,
      holder: lock?.session_id ?? null,
      since: lock?.acquired_at ?? null,
    },
  )
}

const INBOX_LIMIT = 6000

/** Unread messages; they are marked read for this session once the client has them. */
export async function inbox(caller: Caller): Promise<ToolOutcome> {
  const { live, session, given, context } = caller
  const rows = await live.rows('messages', (client) => client.messages({ to: session, isUnreadOnly: true }))
  if ('why' in rows) return notRead(rows)
  const own = readRecords(context.home).filter((record) => record.session === session)
  const whole = own.flatMap(({ toolSession }) => readRecord(context.home, toolSession) ?? [])
  const shown = new Set([...given, ...whole.flatMap((record) => [...record.shown])])
  const news = newsFor({ session, projects: null, shown, now: serverNow(live) }, rows)
  const told = tellMessages(news, session, INBOX_LIMIT)
  // a call beside this one does not give them, too
  for (const row of told.shown) given.add(row.id)
  const receipt: Receipt = {
    given() {
      // the hooks of the session do not show them again
      const facts = toldFacts(told, Date.now())
      for (const record of own) appendFacts(context.home, record.toolSession, facts)
      return markRead(caller, told.shown)
    },
    lost() {
      for (const row of told.shown) given.delete(row.id)
    },
  }
  return {
    ...done(told.text === '' ? 'No unread messages.' : told.text, { messages: told.shown, left: told.left }),
    receipt,
  }
}

async function markRead({ live, session }: Caller, rows: readonly MessageRow[]): Promise<void> {
  // a broadcast keeps its mark for the sessions that have not seen it, where the server has one mark for all
  const { isOurs } = live.connection.server()
  for (const row of rows)
    if (isOurs || !isBroadcast(row))
      await live.write(
        'PUT',
        `/api/coord/messages/${encodeURIComponent(row.id)}/read?session_id=${encodeURIComponent(session)}`,
      )
}

/** The overview: where the API is, who we are, what is held. */
export async function status(caller: Caller): Promise<ToolOutcome> {
  const { live, session } = caller
  const path = `/api/coord/status?session_id=${encodeURIComponent(session)}`
  const away = await live.ready()
  const answer = away === undefined ? await live.connection.get(path) : undefined
  const overview = answer?.kind === 'answer' && answer.status === 200 ? readJson(answer.text) : undefined
  const who = { session: caller.session, api: caller.context.baseUrl }
  if (overview === undefined)
    return done(
      `You are ${caller.session}. The coordination API is away (${away ?? live.connection.view().detail}): calls are queued, and what others hold is unknown.`,
      {
        ...who,
        connected: false,
      },
    )
  return done(`You are ${caller.session}; the coordination API answers.`, {
    ...who,
    connected: true,
    overview: asObject(overview),
  })
}

export const releasePath = (session: string, id: string | undefined): string =>
  id === undefined
    ? `/api/coord/locks?session_id=${encodeURIComponent(session)}&release_all=true`
    : `/api/coord/locks/${encodeURIComponent(id)}?session_id=${encodeURIComponent(session)}`

/**
 * One schema for all tools' structured results: each says what it has. The whole schema, not its fields: of those alone the
 * SDK makes one that allows nothing else, and a client that checks what it gets refuses every result.
 */
export const anyResult = z.looseObject({ queued: z.boolean().optional(), error: z.string().optional() })
