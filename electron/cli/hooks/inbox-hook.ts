/** Messages into a session: at its start, in the middle of its work, and at the end of a turn. */
import { createWorkTrees } from '../../adapters/work-trees.ts'
import { isBroadcast, newsFor, tellMessages, toldFacts, type Told } from '../../core/sessions/messages.ts'
import type { HookApi } from './hook-api.ts'
import { keepFacts, queueCall, type HookPlace } from './hook-place.ts'

export interface Inbox {
  readonly told: Told
  /** Unread messages could not be read. */
  readonly isAway: boolean
  /** Takes the messages off, once they were printed. */
  printed(): Promise<void>
}

const NOTHING: Told = { text: '', shown: [], mentioned: [], left: 0 }

/** Reads what is new to the session, at most `limit` characters of it. `onlyDirect` leaves broadcasts for later. */
export async function readInbox(
  place: HookPlace,
  who: { readonly toolSession: string; readonly session: string },
  api: HookApi,
  limit: number,
  onlyDirect = false,
): Promise<Inbox> {
  const rows = (await api.hello()) ? await api.unread(who.session) : null
  if (rows === null) return { told: NOTHING, isAway: true, printed: () => Promise.resolve() }
  const news = newsFor(
    {
      session: who.session,
      projects: projectsOf(place),
      shown: place.record?.shown ?? new Set(),
      now: api.now(),
    },
    rows,
  )
  const told = tellMessages(
    onlyDirect ? news.filter((row) => !isBroadcast(row)) : news,
    who.session,
    limit,
    place.record?.mentioned,
  )
  return { told, isAway: false, printed: () => markAll(place, who, api, told) }
}

/** The projects of the folders that a session was seen in; null where none of them is in a repository. */
function projectsOf(place: HookPlace): ReadonlySet<string> | null {
  const trees = createWorkTrees()
  const folders = [...(place.record?.folders ?? []), place.workspace, place.cwd]
  const projects = folders
    .map((folder) => trees.find(trees.real(folder))?.project)
    .filter((key) => key !== undefined)
  return projects.length > 0 ? new Set(projects) : null
}

async function markAll(
  place: HookPlace,
  { toolSession, session }: { readonly toolSession: string; readonly session: string },
  api: HookApi,
  told: Told,
): Promise<void> {
  // first what keeps them from being shown twice, whatever becomes of the marks
  keepFacts(place.context, toolSession, ...toldFacts(told, Date.now()))
  // only a server that keeps marks per session can take a broadcast away from this one alone
  const marked = told.shown.filter((row) => api.keepsOwnMarks || !isBroadcast(row))
  await Promise.all(
    marked.map(async (row) => {
      const path = `/api/coord/messages/${encodeURIComponent(row.id)}/read?session_id=${encodeURIComponent(session)}`
      if ((await api.markRead(path)) === 'away')
        queueCall(place.context, place.workspace, { method: 'PUT', path })
    }),
  )
}
