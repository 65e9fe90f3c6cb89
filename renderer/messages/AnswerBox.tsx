/** The answer to a conversation, below it: to whom, as whom, with a draft that is kept. */
import { X } from 'lucide-react'
import { useState } from 'react'
import { useActs, useSnapshot } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import css from './AnswerBox.module.css'
import { answered, toAnswer } from './answer.ts'
import type { Conversation, Letter } from './conversations.ts'
import { send } from './message-acts.ts'

interface AnswerBoxProps {
  readonly conversation: Conversation
  /** The message that was picked to be answered; null: the newest. */
  readonly picked: Letter | null
  readonly onUnpick: () => void
  readonly text: string
  readonly onText: (text: string) => void
  readonly onSent: () => void
}

const ANSWER_ID = 'answer'
export const focusAnswer = (): void => {
  const field = document.getElementById(ANSWER_ID)
  if (!(field instanceof HTMLTextAreaElement)) return
  field.focus()
  field.setSelectionRange(field.value.length, field.value.length)
}

export function AnswerBox({ conversation, picked, onUnpick, text, onText, onSent }: AnswerBoxProps) {
  const acts = useActs()
  const machine = useSnapshot((all) => all.machine.name)
  const [isBusy, setBusy] = useState(false)
  const draft = toAnswer(conversation, picked ?? answered(conversation), machine)
  const sendIt = async (): Promise<void> => {
    if (text.trim() === '' || isBusy) return
    setBusy(true)
    const isSent = await send({ ...draft, body: text }, acts)
    setBusy(false)
    if (!isSent) return
    onText('')
    onUnpick()
    onSent()
    focusAnswer()
  }
  return (
    <form
      className={css.box}
      onSubmit={(event) => {
        event.preventDefault()
        void sendIt()
      }}
    >
      <p className={css.about}>
        <span>
          To {draft.to === null ? 'every session' : <Foreign text={draft.to} />} as{' '}
          <Foreign text={draft.from} />
        </span>
        <span className={css.subject}>
          <Foreign text={draft.subject} />
        </span>
        {picked && (
          <Button isLocal look="quiet" aria-label="Answer the newest instead" onClick={onUnpick}>
            <X size={12} aria-hidden="true" />
          </Button>
        )}
      </p>
      <textarea
        id={ANSWER_ID}
        aria-label="Answer"
        aria-keyshortcuts="A"
        rows={3}
        maxLength={100_000}
        placeholder="Write an answer"
        value={text}
        readOnly={isBusy}
        dir="auto"
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          void sendIt()
        }}
      />
      <div className={css.acts}>
        <Button type="submit" look="primary" hint="Ctrl+Enter" aria-disabled={isBusy || text.trim() === ''}>
          Send
        </Button>
      </div>
    </form>
  )
}
