/** What became of an act of the person's, with the way back where there is one. It takes room; it covers nothing. */
import { X } from 'lucide-react'
import { useEffect } from 'react'
import { UNDO_MS } from '../data/acts.ts'
import type { Notice } from '../data/store.ts'
import { useWindow } from '../data/window.ts'
import { say } from './announce.ts'
import { Button } from './Button.tsx'
import { showInvisible } from '../../shared/text.ts'
import css from './Notices.module.css'

const DONE_MS = 6_000

/** `isNewest`: the key U undoes this one, and no other. */
function NoticeRow({ notice, isNewest }: { readonly notice: Notice; readonly isNewest: boolean }) {
  const dismiss = useWindow((state) => state.dismiss)
  const { id, kind, text, undo } = notice
  useEffect(() => {
    say(text)
    // One that is put off goes with its act.
    if (kind !== 'done') return
    const timer = setTimeout(() => dismiss(id), undo ? UNDO_MS : DONE_MS)
    return () => clearTimeout(timer)
  }, [id, kind, text, undo, dismiss])
  return (
    <li className={`${css.notice} ${css[kind]}`}>
      <span className={css.text}>{showInvisible(text)}</span>
      {undo && (
        <Button isLocal {...(isNewest ? { hint: 'U' } : {})} onClick={undo}>
          Undo
        </Button>
      )}
      {/* What is still to come stays said, with the way to call it off. */}
      {kind !== 'later' && (
        <Button isLocal look="quiet" aria-label="Dismiss this notice" onClick={() => dismiss(id)}>
          <X size={14} aria-hidden="true" />
        </Button>
      )}
    </li>
  )
}

/** In a dialog they stand in it: what is behind a modal can be neither read nor reached. */
export function Notices({ isInDialog = false }: { readonly isInDialog?: boolean }) {
  const notices = useWindow((state) => state.notices)
  const shown = isInDialog
    ? notices.filter((notice) => notice.kind === 'error' || notice.kind === 'lost')
    : notices
  if (shown.length === 0) return null
  const newest = shown.findLast((notice) => notice.undo !== null)
  return (
    <ul className={css.notices} aria-label="Notices">
      {shown.map((notice) => (
        <NoticeRow key={notice.id} notice={notice} isNewest={notice === newest} />
      ))}
    </ul>
  )
}
