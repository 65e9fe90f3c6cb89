/** One notification on a wish: only seeing it proves that they arrive. */
import { useState } from 'react'
import type { TestOutcome } from '../../shared/protocol.ts'
import { useActs, useSnapshot } from '../data/window.ts'
import { say } from '../parts/announce.ts'
import { Button } from '../parts/Button.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import css from './CheckView.module.css'

const TESTED: Readonly<Record<TestOutcome['outcome'], string>> = {
  shown: 'The system took it:',
  failed: 'It could not be shown:',
  silent: 'Sent, without an answer:',
}
const wordsOf = ({ outcome, detail }: TestOutcome): string =>
  `${TESTED[outcome]} ${detail.replace(/[.\s]*$/, '.')}`

export function TestNotification() {
  const canNotify = useSnapshot((all) => all.front.notifies)
  const acts = useActs()
  const [tested, setTested] = useState<TestOutcome | null>(null)
  const [isBusy, setBusy] = useState(false)
  const test = async (): Promise<void> => {
    setBusy(true)
    setTested(null)
    const done = await acts.run('notifications.test', null)
    setBusy(false)
    if (!done) return
    setTested(done)
    say(wordsOf(done))
  }
  return (
    <section className={css.test} aria-labelledby="test-notification">
      <h3 id="test-notification">Notifications</h3>
      {canNotify ? (
        <>
          <p>Only seeing one proves that they arrive.</p>
          <div>
            <Button aria-disabled={isBusy} onClick={() => void (isBusy || test())}>
              Send a test notification
            </Button>
          </div>
          {isBusy && <p>Waiting for the system…</p>}
          {tested && (
            <p className={tested.outcome === 'failed' ? css.fault : undefined}>
              <Foreign text={wordsOf(tested)} />
            </p>
          )}
        </>
      ) : (
        <p>The tray app shows them, and this window does not: messages are in Messages all the same.</p>
      )}
    </section>
  )
}
