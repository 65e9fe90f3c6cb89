/** What this machine knows of each kind of word: from the files of `COORD_HOME` alone. */
import { usedFolders } from '../../adapters/find-workspaces.ts'
import { readRecords } from '../../adapters/session-records.ts'
import { readContext, type Context } from '../context.ts'
import { shortIds, type Named } from '../ids.ts'
import { readMemory } from '../memory.ts'
import type { Source } from '../words/facts.ts'
import { TOPICS } from '../words/topics.ts'

export interface Candidate {
  readonly value: string
  readonly text: string
}

const plain = (values: readonly string[]): readonly Candidate[] =>
  [...new Set(values)].map((value) => ({ value, text: '' }))

/** The short form while it fits what is typed; behind that the whole ID. */
function ids(rows: readonly Named[] | undefined, current: string): readonly Candidate[] {
  const all = rows ?? []
  const short = shortIds(all.map(({ id }) => id))
  return all.map(({ id, text }) => {
    const value = short(id)
    return { value: value.startsWith(current) ? value : id, text }
  })
}

const sessionsOf = (context: Context): readonly string[] => [
  context.session,
  ...readRecords(context.home).map((record) => record.session),
  ...readMemory(context).sessions,
]

const named = (source: Exclude<Source, readonly string[]>, context: Context, current: string) => {
  switch (source) {
    case 'locks':
    case 'messages':
    case 'workflows':
    case 'items':
      return ids(readMemory(context).ids[source], current)
    case 'calls':
      return ids(readMemory(context).ids.calls, current)
    case 'projects':
      return plain(readMemory(context).projects)
    case 'sessions':
      return plain(sessionsOf(context))
    case 'folders':
      return plain([...context.configuredWorkspaces, ...usedFolders(context.home)])
    case 'topics':
      return Object.entries(TOPICS).map(([value, { title }]) => ({ value, text: title }))
    case 'files':
      return []
  }
}

/** `current`: what is typed of it. */
export function candidatesOf(source: Source, current: string): readonly Candidate[] {
  if (typeof source !== 'string') return plain(source)
  return named(source, readContext({}, process.env, { isLenient: true }), current)
}
