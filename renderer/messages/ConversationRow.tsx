/** A conversation as a row: who with whom, in which project, and its newest subject. */
import { CornerUpRight } from 'lucide-react'
import { nameInMachine } from '../../shared/session.ts'
import { toCount } from '../../shared/text.ts'
import { Avatar, Project } from '../parts/Chip.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell } from '../parts/List.tsx'
import { Time } from '../parts/Time.tsx'
import type { Conversation } from './conversations.ts'
import css from './ConversationRow.module.css'

export function Ends({ other, own }: Pick<Conversation, 'other' | 'own'>) {
  return other === null ? (
    <>
      <Foreign text={own} /> <span className={css.own}>to every session</span>
    </>
  ) : (
    <>
      <Foreign text={other} />{' '}
      <span className={css.own}>
        with <Foreign text={nameInMachine(own)} />
      </span>
    </>
  )
}

export function ConversationRow({ conversation }: { readonly conversation: Conversation }) {
  const { other, own, project, newest, unseen } = conversation
  return (
    <>
      <Cell className={css.dotCell}>
        {unseen > 0 && <span className={css.dot} aria-hidden="true" />}
        <Avatar name={other ?? own} />
      </Cell>
      <Cell className={css.words}>
        <span className={css.line}>
          <span className={`${css.ends} ${unseen > 0 ? css.unseen : ''}`}>
            <Ends other={other} own={own} />
          </span>
          {/* The dot and the weight say one; a number says how many more. */}
          {unseen === 1 && <span className="hidden">1 new</span>}
          {unseen > 1 && (
            <span className={css.count}>
              {toCount(unseen)}
              <span className="hidden"> new</span>
            </span>
          )}
          <span className={css.when}>
            <Time at={newest.createdAt} />
          </span>
        </span>
        <span className={`${css.line} ${css.second}`}>
          <Project name={project} />
          {newest.isSent && (
            <>
              <CornerUpRight size={12} aria-hidden="true" className={css.sent} />
              <span className="hidden">sent: </span>
            </>
          )}
          <Foreign text={newest.subject || 'No subject'} className={css.subject} />
        </span>
      </Cell>
    </>
  )
}
