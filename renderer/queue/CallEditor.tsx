/** A call edited in its detail: what was begun is kept until it is sent or begun anew. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import type { Call } from '../../shared/call.ts'
import { useDraft } from '../data/drafts.ts'
import { Button } from '../parts/Button.tsx'
import { explainLine, toRawText } from '../words.ts'
import { toEditable, toOneLine } from './call-json.ts'
import css from './CallDetail.module.css'

interface Editing {
  readonly text: string
  readonly isChanged: boolean
  /** Why it cannot be sent; undefined: it can. */
  readonly fault: string | undefined
  readonly change: (text: string) => void
  readonly startOver: () => void
}

/** The call as it is edited, and what it lacks. */
function useEditing(whole: Call): Editing {
  const [draft, setDraft] = useDraft(`call ${whole.id}`)
  const { text: raw, isText } = toRawText(whole.raw)
  const [original] = useState(() => (isText ? toEditable(raw) : ''))
  const [text, setText] = useState(draft === '' ? original : draft)
  return {
    text,
    isChanged: text !== original,
    fault: explainLine(text),
    change: (next) => {
      setText(next)
      setDraft(next === original ? '' : next)
    },
    startOver: () => {
      setText(original)
      setDraft('')
    },
  }
}

interface CallEditorProps {
  readonly whole: Call
  readonly why: ReactNode
  /** Gives whether the line was taken. */
  readonly onSave: (line: string) => Promise<boolean>
  readonly onClose: () => void
}

export function CallEditor({ whole, why, onSave, onClose }: CallEditorProps) {
  const { text, isChanged, fault, change, startOver } = useEditing(whole)
  const [isBusy, setBusy] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const id = useId()
  useEffect(() => area.current?.focus(), [])
  const save = async (): Promise<void> => {
    const line = toOneLine(text)
    if (fault !== undefined || line === undefined || isBusy) return
    setBusy(true)
    if (await onSave(line)) startOver()
    setBusy(false)
  }
  return (
    <>
      <div className={css.why}>{why}</div>
      <div className={css.editor}>
        <label htmlFor={id}>The call, as JSON</label>
        <textarea
          id={id}
          ref={area}
          spellCheck={false}
          dir="ltr"
          value={text}
          readOnly={isBusy}
          aria-invalid={fault !== undefined}
          aria-describedby={`${id}-fault`}
          onChange={(event) => change(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void save()
            else if (event.key !== 'Escape') return
            else onClose()
            event.preventDefault()
            event.stopPropagation()
          }}
        />
        <p id={`${id}-fault`} className={css.fault} role="status">
          {fault ?? ''}
        </p>
        <p className={css.muted}>
          It is sent as a new call; the old one ends. What you type is kept while this window is open.
        </p>
        <p className={css.buttons}>
          <Button
            look="primary"
            hint="Ctrl+Enter"
            aria-disabled={fault !== undefined || isBusy}
            onClick={() => void save()}
          >
            Save and send
          </Button>
          <Button isLocal onClick={onClose}>
            Back
          </Button>
          {isChanged && (
            <Button
              isLocal
              look="quiet"
              onClick={() => {
                startOver()
                area.current?.focus()
              }}
            >
              Start over
            </Button>
          )}
        </p>
      </div>
    </>
  )
}
