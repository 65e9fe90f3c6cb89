/** A modal on the platform's own <dialog>: focus stays inside, Escape cancels, focus goes back where it came from. */
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import type { Question } from '../data/acts.ts'
import { useCanAct } from '../data/window.ts'
import { Button } from './Button.tsx'
import css from './Dialog.module.css'
import { focusListIfFree } from './focus.ts'
import { showInvisible } from '../../shared/text.ts'
import { Foreign } from './Foreign.tsx'
import { Notices } from './Notices.tsx'

interface DialogProps {
  readonly title: string
  readonly onCancel: () => void
  readonly children: ReactNode
  readonly isAlert?: boolean
  /** A wide one, near the top: the palette, the help sheet. */
  readonly isSheet?: boolean
  /** The title is for screen readers only. */
  readonly isBare?: boolean
}

/** The child marked `data-focus` has the focus first. What goes wrong meanwhile is told inside. */
export function Dialog({
  title,
  onCancel,
  children,
  isAlert = false,
  isSheet = false,
  isBare = false,
}: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // A layout effect: its end runs while the dialog is still in the page, so that close() can give the focus back.
  useLayoutEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    const opener = document.activeElement
    if (!dialog.open) dialog.showModal()
    dialog.querySelector<HTMLElement>('[data-focus]')?.focus()
    return () => {
      dialog.close()
      if (!opener?.isConnected || opener === document.body) queueMicrotask(focusListIfFree)
    }
  }, [])
  return (
    <dialog
      ref={ref}
      className={`${css.dialog} ${isSheet ? css.sheet : ''}`}
      role={isAlert ? 'alertdialog' : undefined}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onCancel()
      }}
      // A click on the ground behind it.
      onMouseDown={(event) => {
        if (event.target === ref.current && isSheet) onCancel()
      }}
    >
      <div className={css.inside}>
        <h2 id={titleId} className={isBare ? 'hidden' : undefined}>
          {showInvisible(title)}
        </h2>
        {children}
        <Notices isInDialog />
      </div>
    </dialog>
  )
}

const SHOWN_NAMES = 200

/** A question with Cancel as the default. */
export function ConfirmDialog({
  question,
  onAnswer,
}: {
  readonly question: Question
  readonly onAnswer: (isYes: boolean) => void
}) {
  const { title, text, names = [], act, isDanger = false } = question
  const canAct = useCanAct()
  return (
    <Dialog title={title} onCancel={() => onAnswer(false)} isAlert>
      <p>{showInvisible(text)}</p>
      {names.length > 0 && (
        <ul className={css.names} tabIndex={0} aria-label="Concerned">
          {names.slice(0, SHOWN_NAMES).map((name, at) => (
            <li key={at}>
              <Foreign text={name} />
            </li>
          ))}
          {names.length > SHOWN_NAMES && <li>and {names.length - SHOWN_NAMES} more</li>}
        </ul>
      )}
      {!canAct && <p role="status">Coord Tray does not answer, so this cannot be done now.</p>}
      <div className={css.acts}>
        <Button isLocal data-focus onClick={() => onAnswer(false)}>
          Cancel
        </Button>
        <Button look={isDanger ? 'danger' : 'primary'} onClick={() => onAnswer(true)}>
          {act}
        </Button>
      </div>
    </Dialog>
  )
}
