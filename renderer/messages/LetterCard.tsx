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
import type { Body as Text } from './use-bodies.ts'

/** A text that is longer is shown on request. */
const SHOWN_CHARS = 8_000

interface LetterCardProps {
  readonly letter: Letter
  /** Undefined: it is asked for. */
  readonly body: Text | undefined
  readonly isTarget: boolean
  readonly onQuote: (body: string) => void
}

function Body({ body: got }: { readonly body: Text | undefined }) {
  const [isWhole, setWhole] = useState(false)
  if (got === undefined) return <p className={css.quiet}>…</p>
  if (got === 'gone') return <p className={css.quiet}>Its text is not kept here any more.</p>
  if (got === 'failed') return <p className={css.quiet}>Its text cannot be read now.</p>
  const body = got.text
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
        {typeof body === 'object' && (
          <Button isLocal look="quiet" onClick={() => onQuote(body.text)}>
            Quote
            <span className="hidden">
              {' '}
              <Foreign text={subject || 'No subject'} />
            </span>
          </Button>
        )}
        {isUnread && !isSent && (
          <Button look="quiet" onClick={() => void markRead(letter, acts)}>
            {to === null ? 'Mark read for every session…' : 'Mark read for the session…'}
          </Button>
        )}
      </div>
    </article>
  )
}
