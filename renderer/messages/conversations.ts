/** Messages as conversations: those of one pair of sessions in one project, read and unread, sent and received. Pure. */
import type { HistoryView, MessageView } from '../../shared/snapshot.ts'
import { isOfMachine, toSessionKey, type Machine } from '../../shared/session.ts'
import { fits } from '../parts/Filter.tsx'

export interface Letter {
  readonly id: string
  readonly from: string
  /** Null: to every session. */
  readonly to: string | null
  readonly project: string | null
  readonly subject: string
  readonly createdAt: string | null
  /** From a session of this machine. */
  readonly isSent: boolean
  /** Neither seen by the person nor marked read. */
  readonly isNew: boolean
  readonly isSeen: boolean
  /** In the list of unread ones: it can be marked read. */
  readonly isUnread: boolean
  /** When it was noticed that it is marked read; null: not, or not known when. */
  readonly readAt: string | null
}

export interface Conversation {
  readonly key: string
  /** The session at the other end; null: every session. */
  readonly other: string | null
  /** The session of this machine; the sender where all are written to. */
  readonly own: string
  readonly project: string | null
  /** Oldest first. */
  readonly letters: readonly Letter[]
  readonly newest: Letter
  readonly unseen: number
}

const toLetter = (one: MessageView, machine: Machine): Letter => ({
  id: one.id,
  from: one.from,
  to: one.to,
  project: one.project,
  subject: one.subject,
  createdAt: one.createdAt,
  isSent: isOfMachine(one.from, machine),
  isNew: !one.isSeen && !one.isRead,
  isSeen: one.isSeen,
  isUnread: !one.isRead,
  readAt: null,
})

/**
 * All there is, each once. `known`: letters that were there before; one that is neither unread nor in the history any more
 * stays as it was, without a claim about what became of it.
 */
export function toLetters(
  unread: readonly MessageView[],
  past: readonly HistoryView['messages'][number][],
  known: ReadonlyMap<string, Letter>,
  machine: Machine,
): ReadonlyMap<string, Letter> {
  const letters = new Map<string, Letter>()
  for (const one of unread) letters.set(one.id, toLetter(one, machine))
  for (const one of past)
    if (!letters.has(one.id))
      letters.set(one.id, {
        id: one.id,
        from: one.from,
        to: one.to,
        project: one.project,
        subject: one.subject,
        createdAt: one.createdAt,
        isSent: one.isSent,
        isNew: false,
        isSeen: known.get(one.id)?.isSeen ?? false,
        isUnread: false,
        readAt: one.readAt,
      })
  for (const one of known.values())
    if (!letters.has(one.id)) letters.set(one.id, { ...one, isNew: false, isUnread: false })
  return letters
}

/** Two ends in any order, and the project. */
function keyOf({ from, to, project }: Letter): string {
  const ends = to === null ? [toSessionKey(from), '*'] : [toSessionKey(from), toSessionKey(to)].sort()
  return JSON.stringify([...ends, project])
}

const timeOf = (letter: Letter): string => letter.createdAt ?? ''
const byTime = (a: Letter, b: Letter): number =>
  timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0

function toConversation(key: string, letters: readonly Letter[], machine: Machine): Conversation | undefined {
  const newest = letters.at(-1)
  if (!newest) return undefined
  const { from, to, project } = newest
  // Where both are of this machine, the one that wrote last is the other one.
  const isOwn = isOfMachine(from, machine) && (to === null || !isOfMachine(to, machine))
  const [own, other] = to === null ? [from, null] : isOwn ? [from, to] : [to, from]
  return {
    key,
    other,
    own,
    project,
    letters,
    newest,
    unseen: letters.filter((one) => one.isNew).length,
  }
}

/** Those with something new first, each part newest first. `kept`: had something new a moment ago, and stay where they are. */
export function toConversations(
  all: Iterable<Letter>,
  machine: Machine,
  kept: ReadonlySet<string>,
): readonly Conversation[] {
  const groups = new Map<string, Letter[]>()
  for (const letter of all) {
    const key = keyOf(letter)
    const group = groups.get(key)
    if (group) group.push(letter)
    else groups.set(key, [letter])
  }
  const rank = (one: Conversation): number => (one.unseen > 0 || kept.has(one.key) ? 0 : 1)
  return [...groups]
    .flatMap(([key, letters]) => toConversation(key, letters.sort(byTime), machine) ?? [])
    .sort((a, b) => rank(a) - rank(b) || byTime(b.newest, a.newest))
}

/** Those of a project, with all the words in their names, project or subjects. */
export const narrow = (
  all: readonly Conversation[],
  project: string | null,
  filter: string,
): readonly Conversation[] =>
  all.filter(
    (one) =>
      (project === null || one.project === project) &&
      (filter.trim() === '' ||
        fits(filter, one.other, one.own, one.project, ...one.letters.map((letter) => letter.subject))),
  )

/** What a click on a conversation opens: its first new letter, else its newest. */
export const entryOf = ({ letters, newest }: Conversation): string =>
  (letters.find((letter) => letter.isNew) ?? newest).id
