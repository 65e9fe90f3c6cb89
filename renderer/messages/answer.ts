/** What an answer is: to whom, from whom, under which subject; and what it quotes. Pure. */
import type { InputOf } from '../../shared/protocol.ts'
import type { Conversation, Letter } from './conversations.ts'

type Draft = Omit<InputOf<'message.send'>, 'body'>

/** The letter that an answer is to, where none was picked: the newest that came, else the newest. */
export const answered = ({ letters, newest }: Conversation): Letter =>
  letters.filter((letter) => !letter.isSent).at(-1) ?? newest

/** `machine`: in whose name a broadcast is answered. */
export function toAnswer(conversation: Conversation, letter: Letter, machine: string): Draft {
  const { own, other, project } = conversation
  const subject = letter.subject || 'No subject'
  const toAll = other === null && letter.isSent
  return {
    from: other === null && !letter.isSent ? `${machine}/coord` : own,
    to: toAll ? null : (other ?? letter.from),
    project: project ?? 'coord',
    subject: (/^re:/i.test(subject) ? subject : `Re: ${subject}`).slice(0, 500),
  }
}

/** A text as a quotation, above what is written already. */
export const quote = (text: string, draft: string): string =>
  `${text
    .trimEnd()
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')}\n\n${draft}`
