/** What needs a person, as rows of Now: things of one kind are one row where one place deals with all of them. Pure. */
import { attentionWords, MOST_OF_A_KIND, type Attention } from '../../shared/attention.ts'
import { counted } from '../../shared/text.ts'
import type { Route } from '../data/routes.ts'
import { code, their, type Words } from '../parts/Sentence.tsx'

export type NeedTone = 'red' | 'amber' | 'plain'
export interface NeedLock {
  readonly id: string
  readonly resource: string
  readonly session: string
  /** Who waits for it. */
  readonly by: string | null
  /** When its holder was asked for it from here. */
  readonly askedAt: string | null
}
export interface Need {
  readonly key: string
  readonly kind: Attention['kind']
  readonly tone: NeedTone
  readonly title: Words
  readonly detail: Words
  /** Where it is dealt with; null where the tray or the log does. */
  readonly to: Partial<Route> | null
  /** The label of the way there. */
  readonly toWord: string
  /** The lock that it is about. */
  readonly lock: NeedLock | null
}

const most = 4

function names(list: readonly string[]): Words {
  const shown = list.slice(0, most)
  const words: (string | { their: string })[] = []
  shown.forEach((name, at) => {
    if (at > 0) words.push(at === shown.length - 1 && list.length <= most ? ' and ' : ', ')
    words.push({ their: name })
  })
  const atLeast = list.length >= MOST_OF_A_KIND ? 'at least ' : ''
  if (list.length > most) words.push(` and ${atLeast}${list.length - most} more`)
  return words
}

type Of<K extends Attention['kind']> = Extract<Attention, { kind: K }>
const ofKind = <K extends Attention['kind']>(list: readonly Attention[], kind: K): readonly Of<K>[] =>
  list.filter((one): one is Of<K> => one.kind === kind)

function setAsideNeed(all: readonly Of<'set-aside'>[]): Need {
  const sum = all.reduce((n, one) => n + one.count, 0)
  return {
    key: 'set-aside',
    kind: 'set-aside',
    tone: 'amber',
    title: [
      `${all.length >= MOST_OF_A_KIND ? 'At least ' : ''}${counted(sum, 'call was', 'calls were')} set aside in `,
      ...names(all.map((one) => one.name)),
    ],
    detail: ['Each says why. Nothing is lost: send, edit or discard it.'],
    to: { view: 'queue' },
    toWord: 'Sort out',
    lock: null,
  }
}

function componentsNeed(all: readonly Of<'component-failed'>[]): Need {
  return {
    key: 'component-failed',
    kind: 'component-failed',
    tone: 'red',
    title: [...names(all.map((one) => one.component)), ' failed'],
    detail: [
      all.some((one) => one.project !== null) ? 'In ' : 'The board says who said so.',
      ...names([...new Set(all.flatMap((one) => one.project ?? []))]),
    ],
    to: { view: 'board' },
    toWord: 'Board',
    lock: null,
  }
}

function lockNeed(one: Of<'lock-wanted' | 'session-waits' | 'lock-stale' | 'lock-ending'>): Need {
  const isWanted = one.kind === 'lock-wanted' || one.kind === 'session-waits'
  const base = {
    key: `${one.kind} ${one.id}`,
    kind: one.kind,
    to: { view: 'locks' as const, id: one.id },
    toWord: 'Show',
    lock: {
      id: one.id,
      resource: one.resource,
      session: one.session,
      by: isWanted ? one.by : null,
      askedAt: isWanted ? one.askedAt : null,
    },
  }
  const where: Words = one.project === null ? [] : [' in ', their(one.project)]
  switch (one.kind) {
    case 'lock-wanted':
      return {
        ...base,
        tone: 'red',
        title: [their(one.by), ' waits for ', code(one.resource)],
        detail: ['Held by ', their(one.session), ...where],
      }
    case 'session-waits':
      return {
        ...base,
        tone: 'amber',
        title: [their(one.by), ', of this machine, was refused ', code(one.resource)],
        detail: ['Held by ', their(one.session), ...where],
      }
    case 'lock-stale':
      return {
        ...base,
        tone: 'amber',
        title: [code(one.resource), ' is stale'],
        detail: ['Held by ', their(one.session), ...where, '; it was not renewed for two hours'],
      }
    case 'lock-ending':
      return {
        ...base,
        tone: 'plain',
        title: [code(one.resource), one.how === 'ttl' ? ' ends soon' : ' turns stale soon'],
        detail: ['Held by ', their(one.session), ...where, '. Its session claims it again to keep it.'],
      }
  }
}

const PLACES: Readonly<Partial<Record<Attention['kind'], [Partial<Route>, string]>>> = {
  storage: [{ view: 'check' }, 'Check'],
  'workspace-problem': [{ view: 'queue' }, 'Queue'],
  'wrong-answer': [{ view: 'settings' }, 'Settings'],
  'api-blocked': [{ view: 'settings' }, 'Settings'],
  'settings-unreadable': [{ view: 'settings' }, 'Settings'],
  'restart-needed': [{ view: 'settings' }, 'Settings'],
  notifications: [{ view: 'check' }, 'Check'],
  'list-capped': [{ view: 'check' }, 'Check'],
}
const RED: ReadonlySet<Attention['kind']> = new Set([
  'storage',
  'wrong-answer',
  'api-blocked',
  'workspace-problem',
])

function otherNeed(one: Attention, at: number): Need {
  const { text, wayOut } = attentionWords(one)
  const place = PLACES[one.kind]
  return {
    key: `${one.kind} ${at}`,
    kind: one.kind,
    tone: RED.has(one.kind) ? 'red' : 'amber',
    title: [{ their: text }],
    detail: wayOut === null ? [] : [wayOut],
    to: place?.[0] ?? null,
    toWord: place?.[1] ?? '',
    lock: null,
  }
}

function messagesNeed(one: Of<'direct-messages'>): Need {
  return {
    key: 'direct-messages',
    kind: 'direct-messages',
    tone: 'plain',
    title: [
      one.count === 1
        ? 'A message to a session of this machine is unread'
        : `${counted(one.count, 'message')} to sessions of this machine are unread`,
    ],
    detail: ['Newest from ', their(one.from), ': ', their(one.subject, 'no subject')],
    to: { view: 'messages', id: one.id },
    toWord: 'Read',
    lock: null,
  }
}

/** Those whose lock is not about to be released by an act that is put off. */
export const shownNeeds = (needs: readonly Need[], going: ReadonlySet<string>): readonly Need[] =>
  going.size === 0 ? needs : needs.filter(({ lock }) => lock === null || !going.has(lock.id))

/** Whether there may be more of a kind than the engine lists. */
export function isCut(attention: readonly Attention[]): boolean {
  const counts = new Map<Attention['kind'], number>()
  for (const { kind } of attention) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts.values()].some((n) => n >= MOST_OF_A_KIND)
}

/** The rows, in the engine's order: most urgent first. */
export function toNeeds(attention: readonly Attention[]): readonly Need[] {
  const once = new Set<Attention['kind']>()
  return attention.flatMap((one, at): Need[] => {
    if (one.kind === 'set-aside' || one.kind === 'component-failed') {
      if (once.has(one.kind)) return []
      once.add(one.kind)
      return one.kind === 'set-aside'
        ? [setAsideNeed(ofKind(attention, 'set-aside'))]
        : [componentsNeed(ofKind(attention, 'component-failed'))]
    }
    if (
      one.kind === 'lock-wanted' ||
      one.kind === 'session-waits' ||
      one.kind === 'lock-stale' ||
      one.kind === 'lock-ending'
    )
      return [lockNeed(one)]
    return [one.kind === 'direct-messages' ? messagesNeed(one) : otherNeed(one, at)]
  })
}
