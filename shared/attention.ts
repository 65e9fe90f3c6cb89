/**
 * What needs a person, as codes with data, and the words that every front makes from them.
 * The engine decides what is in the list and in which order; nothing anywhere is matched on these words.
 */
import type { z } from 'zod'
import type { attentionView } from './attention-schema.ts'
import type { ConnectionView } from './connection.ts'
import { counted } from './text.ts'

export type Attention = z.output<typeof attentionView>
export type AttentionKind = Attention['kind']

/** So many rows of one kind are listed; a view has the rest, so where there are as many, there may be more. */
export const MOST_OF_A_KIND = 20

/** Something lasting that a part of the program found out and takes back itself. */
export type Fault = Extract<
  Attention,
  {
    kind:
      'storage' | 'api-blocked' | 'program-fault' | 'settings-unreadable' | 'restart-needed' | 'list-capped'
  }
>

/** What is wrong with who answers: the API that refuses this machine, or something else. Without a full stop. */
export const wrongAnswerWords = ({ isRefused }: Pick<ConnectionView, 'isRefused'>): string =>
  isRefused === true ? 'The API takes nothing from this machine' : 'What answers is not the coordination API'

/** What a `degraded` API does: it asked to wait, is slow, or fails. Without a full stop. */
export const degradedWords = ({ until, isOverdue }: Pick<ConnectionView, 'until' | 'isOverdue'>): string =>
  until !== null
    ? 'The API asked us to wait'
    : isOverdue === true
      ? 'The API is slow to answer'
      : 'The API has trouble'

/** Kinds that a list view shows well enough: they neither change the tray's icon nor its first line. */
const QUIET: ReadonlySet<AttentionKind> = new Set([
  'component-failed',
  'direct-messages',
  'session-waits',
  'lock-stale',
  'lock-ending',
])
/** Whether it is said by the tray's icon, too. */
export const isPressing = (attention: Attention): boolean => !QUIET.has(attention.kind)

const NOTIFIER: Readonly<Record<Extract<Attention, { kind: 'notifications' }>['state'], string>> = {
  none: 'This desktop has no notification service',
  died: 'The notification service of this desktop has ended',
  failing: 'The notification service refuses what it is given',
}

export interface AttentionWords {
  readonly text: string
  /** What to do; null where the text says all. */
  readonly wayOut: string | null
}

/** One row in words. Texts from elsewhere stand in it as they came: the front escapes them as its place demands. */
export function attentionWords(a: Attention): AttentionWords {
  const say = (text: string, wayOut: string | null = null): AttentionWords => ({ text, wayOut })
  switch (a.kind) {
    case 'lock-wanted':
      return say(`${a.by} waits for ${a.resource}, held by ${a.session}.`, 'Release it, or ask the holder.')
    case 'storage':
      return say(`Notifications are held back: ${a.detail}`, 'Make room in COORD_HOME.')
    case 'workspace-problem':
      return say(`${a.name}: ${a.problem}`, 'Sending goes on by itself once this is put right.')
    case 'wrong-answer':
      // The words of a refusal have the way out.
      return a.isRefused === true
        ? say(a.detail)
        : say(a.detail || `${wrongAnswerWords(a)}.`, 'Check the address in Settings.')
    case 'api-blocked':
      return say(a.detail, 'Calls are kept; nothing is lost.')
    case 'program-fault':
      return say(
        'Something went wrong inside Coord Tray.',
        'Calls are kept. "Show log" says what; quitting and starting again clears it.',
      )
    case 'settings-unreadable':
      return say(a.detail, 'See Settings.')
    case 'restart-needed':
      return say('The address of the API was changed.', 'It is used from the next start on.')
    case 'notifications':
      return say(
        `Notifications do not arrive. ${NOTIFIER[a.state]}${a.detail ? `: ${a.detail}` : '.'}`,
        a.state === 'failing'
          ? 'Messages stay in the window. Allow Coord Tray to notify in the system settings.'
          : 'Messages stay in the window, and are notified when a service is there.',
      )
    case 'session-waits':
      return say(`${a.by} was refused ${a.resource}, held by ${a.session}.`, 'Ask the holder.')
    case 'set-aside':
      return say(
        `${a.name}: ${counted(a.count, 'call')} set aside.`,
        'Read why in Queue; then send, edit or discard.',
      )
    case 'component-failed':
      return say(`${a.component}${a.project ? ` of ${a.project}` : ''} failed.`, 'Board says who said so.')
    case 'direct-messages':
      return say(
        `${counted(a.count, 'unread message')} to sessions of this machine.`,
        'Read them in Messages.',
      )
    case 'lock-stale':
      return say(`${a.resource}, held by ${a.session}, is stale.`, 'Release it if nobody works on it.')
    case 'lock-ending':
      return say(
        a.how === 'ttl'
          ? `${a.resource}, held by ${a.session}, ends soon.`
          : `${a.resource}, held by ${a.session}, turns stale soon.`,
        'Its session claims it again to keep it.',
      )
    case 'list-capped':
      return say(
        `The API ends its list of ${a.list} at ${counted(a.cap, 'row')} and gives no way on.`,
        'What it does not show is not shown here. Ask whoever runs the API for pages.',
      )
    case 'unreadable':
      return say(
        `${counted(a.count, 'row')} of the API could not be read.`,
        'The others are shown; the log says which.',
      )
  }
}
