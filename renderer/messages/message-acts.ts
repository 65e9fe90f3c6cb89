/** What can be done about messages. */
import type { InputOf } from '../../shared/protocol.ts'
import type { Acts } from '../data/acts.ts'
import type { Letter } from './conversations.ts'

/** Marks a message read for its session, which then does not see it. Another matter than the person having seen it. */
export async function markRead({ id, to, subject }: Letter, acts: Acts): Promise<void> {
  const who = to ?? 'every session'
  const isSure = await acts.ask({
    title: `Mark read for ${who}?`,
    text:
      to === null
        ? 'This is a broadcast. No AI session will then see it any more. You have seen it already; this is only for the sessions.'
        : `The AI session ${to} will then not see this message. You have seen it already; this is only for the session.`,
    names: [subject || 'No subject'],
    act: 'Mark read',
    isDanger: true,
  })
  if (isSure) await acts.run('message.read', { id, session: to }, `Marked read for ${who}.`)
}

/** Sends one; whether it went off or was queued. */
export async function send(draft: InputOf<'message.send'>, acts: Acts): Promise<boolean> {
  const sent = await acts.run('message.send', draft, ({ queued }) =>
    queued ? 'Queued: it is sent as soon as the API answers.' : 'Sent.',
  )
  return sent !== undefined
}
