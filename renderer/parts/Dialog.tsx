/** A modal on the platform's own <dialog>: focus stays inside, Escape cancels, focus goes back where it came from. */
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import type { Question } from './acts.ts'

interface DialogProps {
  readonly title: string
  readonly onCancel: () => void
  readonly children: ReactNode
  readonly isAlert?: boolean
}

/** The child marked `data-focus` has the focus first. */
export function Dialog({ title, onCancel, children, isAlert = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // A layout effect: its end runs while the dialog is still in the page, so that close() can give the focus back.
  useLayoutEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    if (!dialog.open) dialog.showModal()
    dialog.querySelector<HTMLElement>('[data-focus]')?.focus()
    return () => dialog.close()
  }, [])
  return (
    <dialog
      ref={ref}
      role={isAlert ? 'alertdialog' : undefined}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onCancel()
      }}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  )
}

/** A question with Cancel as the default. */
export function ConfirmDialog({
  question,
  onAnswer,
}: {
  question: Question
  onAnswer: (isYes: boolean) => void
}) {
  return (
    <Dialog title={question.title} onCancel={() => onAnswer(false)} isAlert>
      <p>{question.text}</p>
      {question.names && question.names.length > 0 && (
        <ul className="names" tabIndex={0} aria-label="Concerned">
          {question.names.slice(0, 200).map((name, at) => (
            <li key={at}>{name}</li>
          ))}
          {question.names.length > 200 && <li>and {question.names.length - 200} more</li>}
        </ul>
      )}
      <div className="actions end">
        <button data-focus onClick={() => onAnswer(false)}>
          Cancel
        </button>
        <button className={question.isDanger ? 'danger' : 'primary'} onClick={() => onAnswer(true)}>
          {question.act}
        </button>
      </div>
    </Dialog>
  )
}
