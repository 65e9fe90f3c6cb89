/** The question when a person quits while this machine holds locks. Cancel is Escape. */
import { useState } from 'react'
import { Dialog } from './Dialog.tsx'
import { groupBySession } from '../locks/group-locks.ts'
import { counted } from '../../shared/text.ts'
import { describeLife } from '../words.ts'
import { useNow } from '../data/clock.ts'
import { useActs, useSnapshot } from '../data/window.ts'

type Choice = 'release' | 'keep' | 'cancel'

export function QuitDialog() {
  const snapshot = useSnapshot((all) => all)
  const now = useNow()
  const acts = useActs()
  const [isRemembered, setRemembered] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const groups = groupBySession(snapshot.locks.filter((lock) => lock.isMine))
  const count = groups.reduce((sum, group) => sum + group.locks.length, 0)
  const isReleasing = snapshot.quit.isReleasing || isBusy
  const choose = async (choice: Choice): Promise<void> => {
    setBusy(choice !== 'cancel')
    const done = await acts.run('app.quit', { choice, remember: choice !== 'cancel' && isRemembered })
    if (done === undefined) setBusy(false)
  }
  return (
    <Dialog
      title={isReleasing ? 'Quitting…' : 'Quit Coord Tray?'}
      onCancel={() => void (isReleasing || choose('cancel'))}
    >
      <p role="status">
        {isReleasing
          ? 'Finishing. What cannot be sent now is kept and sent at the next start.'
          : count === 0
            ? 'This machine holds no locks. Queued calls stay safe in their folders.'
            : `This machine still holds ${counted(count, 'lock')}. Kept locks stay claimed while Coord Tray is closed.`}
      </p>
      {groups.length > 0 && (
        <div className="names" tabIndex={0} role="group" aria-label="Locks held, by session">
          {groups.map((group) => (
            <section key={group.session}>
              <h3>{group.session}</h3>
              <p className="muted">
                {describeLife(
                  snapshot.sessions.find((one) => one.session === group.session)?.life ?? [],
                  now,
                )}
              </p>
              <ul>
                {group.locks.map((lock) => (
                  <li key={lock.id}>
                    {lock.resource}
                    {lock.project && <span className="muted"> · {lock.project}</span>}
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      )}
      <label className="check">
        <input
          type="checkbox"
          checked={isRemembered}
          disabled={isReleasing}
          onChange={(event) => setRemembered(event.target.checked)}
        />
        Remember my choice and do not ask again
      </label>
      <div className="actions end">
        <button data-focus disabled={isReleasing} onClick={() => void choose('cancel')}>
          Cancel
        </button>
        <button disabled={isReleasing} onClick={() => void choose('keep')}>
          Keep locks and quit
        </button>
        <button className="primary" disabled={isReleasing} onClick={() => void choose('release')}>
          Release all and quit
        </button>
      </div>
    </Dialog>
  )
}
