/** The question when a person quits while this machine holds locks. Cancel is Escape. */
import { useMemo, useState } from 'react'
import { counted } from '../../shared/text.ts'
import { useNow } from '../data/clock.ts'
import { useWhole } from '../data/use-asked.ts'
import { useActs, useSnapshot } from '../data/window.ts'
import { groupBySession } from '../locks/rows.ts'
import { describeLife } from '../words.ts'
import { Avatar, Project } from './Chip.tsx'
import { Button } from './Button.tsx'
import { Dialog } from './Dialog.tsx'
import { Foreign } from './Foreign.tsx'
import { Cell, HEAD_PX, List, ROW_PX } from './List.tsx'
import css from './QuitDialog.module.css'

type Choice = 'release' | 'keep' | 'cancel'
type Row =
  | { readonly kind: 'session'; readonly session: string; readonly count: number }
  | { readonly kind: 'lock'; readonly id: string; readonly resource: string; readonly project: string | null }

/** All locks of this machine, however many, as rows under their sessions. */
function useRows(): readonly Row[] {
  const acts = useActs()
  const locks = useSnapshot((all) => all.locks)
  const total = useSnapshot((all) => all.totals.locks)
  const revision = useSnapshot((all) => all.revision)
  const whole = useWhole(acts, 'locks.list', locks, total, revision)
  return useMemo(
    () =>
      groupBySession(whole.filter((lock) => lock.isMine)).flatMap(({ session, locks: list }): Row[] => [
        { kind: 'session', session, count: list.length },
        ...list.map(({ id, resource, project }): Row => ({ kind: 'lock', id, resource, project })),
      ]),
    [whole],
  )
}

function Life({ session }: { readonly session: string }) {
  const sessions = useSnapshot((all) => all.sessions)
  const now = useNow()
  const life = sessions.find((one) => one.session === session)?.life ?? []
  return <span className={css.life}>{describeLife(life, now)}</span>
}

function HeldLocks({ rows }: { readonly rows: readonly Row[] }) {
  return (
    <div className={css.held}>
      <List
        label="Locks held, by session"
        rows={rows}
        keyOf={(row) => (row.kind === 'session' ? `session ${row.session}` : row.id)}
        heightOf={(row) => (row.kind === 'session' ? ROW_PX : HEAD_PX)}
        draw={(row) =>
          row.kind === 'session' ? (
            <Cell className={css.session}>
              <Avatar name={row.session} />
              <span className={css.who}>
                <Foreign text={row.session} className={css.name} />
                <Life session={row.session} />
              </span>
              <span className={css.count}>{counted(row.count, 'lock')}</span>
            </Cell>
          ) : (
            <Cell className={css.lock}>
              <Foreign text={row.resource} className={css.resource} />
              <Project name={row.project} />
            </Cell>
          )
        }
      />
    </div>
  )
}

const KEPT = 'Kept locks stay claimed while Coord Tray is closed, until they expire.'

/** What is held, as far as that is known. */
function heldWords(count: number, isRead: boolean, isOnline: boolean): string {
  if (!isRead) return `Which locks this machine holds was not read yet. ${KEPT}`
  if (!isOnline)
    return `When they were last read, this machine held ${count === 0 ? 'no locks' : counted(count, 'lock')}. ${KEPT}`
  return count === 0
    ? 'This machine holds no locks. Queued calls stay safe in their folders.'
    : `This machine still holds ${counted(count, 'lock')}. ${KEPT}`
}

export function QuitDialog() {
  const isLeaving = useSnapshot((all) => all.quit.isReleasing)
  const count = useSnapshot((all) => all.totals.locksMine)
  const isRead = useSnapshot((all) => all.readAt !== null)
  const isOnline = useSnapshot((all) => all.connection.state === 'online')
  const acts = useActs()
  const rows = useRows()
  const [isRemembered, setRemembered] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const isReleasing = isLeaving || isBusy
  const choose = async (choice: Choice): Promise<void> => {
    if (isReleasing) return
    setBusy(choice !== 'cancel')
    const done = await acts.run('app.quit', { choice, remember: choice !== 'cancel' && isRemembered })
    if (done === undefined) setBusy(false)
  }
  return (
    <Dialog title={isReleasing ? 'Quitting…' : 'Quit Coord Tray?'} onCancel={() => void choose('cancel')}>
      <p role="status">
        {isReleasing
          ? 'Finishing. What cannot be sent now is kept and sent at the next start.'
          : heldWords(count, isRead, isOnline)}
      </p>
      {rows.length > 0 && <HeldLocks rows={rows} />}
      <label className={css.remember}>
        <input
          type="checkbox"
          checked={isRemembered}
          aria-disabled={isReleasing}
          onChange={(event) => isReleasing || setRemembered(event.target.checked)}
        />
        Remember my choice and do not ask again
      </label>
      <div className={css.acts}>
        <Button data-focus aria-disabled={isReleasing} onClick={() => void choose('cancel')}>
          Cancel
        </Button>
        <Button aria-disabled={isReleasing} onClick={() => void choose('keep')}>
          Keep locks and quit
        </Button>
        <Button look="primary" aria-disabled={isReleasing} onClick={() => void choose('release')}>
          Release all and quit
        </Button>
      </div>
    </Dialog>
  )
}
