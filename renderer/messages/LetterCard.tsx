/** One message of a thread: who wrote it, its text, who has read it, and what can be done with it. */
import { useState } from 'react'
import { useActs } from '../data/window.ts'
import { Avatar } from '../parts/Chip.tsx'
import { Button } from '../parts/Button.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Time } from '../parts/Time.tsx'
import type { Letter } from './conversations.ts'
import css from './LetterCard.module.css'
import { markRead } from './message-acts.ts'

/** A text that is longer is shown on request. */
const SHOWN_CHARS = 8_000

interface LetterCardProps {
  readonly letter: Letter
  /** Null: it cannot be had; undefined: it is asked for. */
  readonly body: string | null | undefined
  readonly isTarget: boolean
  readonly onQuote: (body: string) => void
}

function Body({ body }: { readonly body: string | null | undefined }) {
  const [isWhole, setWhole] = useState(false)
  if (body === undefined) return <p className={css.quiet}>…</p>
  if (body === null) return <p className={css.quiet}>Its text is not there any more.</p>
  if (body === '') return <p className={css.quiet}>This message has no text.</p>
  const isCut = body.length > SHOWN_CHARS && !isWhole
  return (
    <>
      <Foreign text={isCut ? body.slice(0, SHOWN_CHARS) : body} isBlock className={css.body} />
      {isCut && (
        <Button isLocal onClick={() => setWhole(true)}>
          Show all of it
        </Button>
      )}
    </>
  )
}

/** Only what is known. A person can set the mark, too, so it does not say that the session read it. */
function ReadBy({ letter }: { readonly letter: Letter }) {
  const { isSeen, isUnread, isSent, to, readAt } = letter
  const whom = to === null ? 'every session' : 'the session'
  const parts = [
    ...(isSeen && !isSent ? ['seen by you'] : []),
    ...(readAt !== null
      ? [`marked read for ${whom}`]
      : isUnread && !isSent
        ? [`not marked read for ${whom}`]
        : []),
  ]
  if (parts.length === 0) return null
  return <p className={css.readBy}>{parts.join(' · ')}</p>
}

export function LetterCard({ letter, body, isTarget, onQuote }: LetterCardProps) {
  const acts = useActs()
  const { id, from, to, subject, createdAt, isSent, isNew, isUnread } = letter
  return (
    <article
      className={`${css.letter} ${isSent ? css.sent : ''} ${isTarget ? css.target : ''}`}
      data-letter={id}
      data-new={isNew ? '' : undefined}
      aria-label="Message"
    >
      <header className={css.head}>
        <Avatar name={from} />
        <span className={css.from}>
          <Foreign text={from} className={css.name} />
          {to === null && <span className={css.quiet}> to every session</span>}
        </span>
        {isNew && <span className={css.new}>new</span>}
        <span className={css.when}>
          <Time at={createdAt} />
        </span>
      </header>
      <h3 className={css.subject}>
        <Foreign text={subject || 'No subject'} />
      </h3>
      <Body body={body} />
      <ReadBy letter={letter} />
      <div className={css.acts}>
        <Button isLocal look="quiet" onClick={() => onQuote(body ?? '')}>
          Quote<span className="hidden"> {subject || 'No subject'}</span>
        </Button>
        {isUnread && !isSent && (
          <Button look="quiet" onClick={() => void markRead(letter, acts)}>
            {to === null ? 'Mark read for every session…' : 'Mark read for the session…'}
          </Button>
        )}
      </div>
    </article>
  )
}
