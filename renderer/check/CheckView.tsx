/** The self-test: each thing that must be in place, what was found, and the way out in words. */
import { useEffect, useState } from 'react'
import type { Finding, TestOutcome } from '../../shared/protocol.ts'
import type { ViewProps } from '../parts/view.ts'

const WORDS = { well: 'Well', bad: 'Needs you', unknown: 'Not known' } as const
type Verdict = keyof typeof WORDS
const verdictOf = ({ isWell }: Finding): Verdict => (isWell === null ? 'unknown' : isWell ? 'well' : 'bad')
const CHIPS: Readonly<Record<Verdict, string>> = { well: 'good', bad: 'warn', unknown: '' }

const TESTED: Readonly<Record<TestOutcome['outcome'], string>> = {
  shown: 'Sent.',
  failed: 'It could not be shown:',
  silent: 'Sent, without an answer.',
}

export function CheckView({ acts, snapshot }: ViewProps) {
  const [findings, setFindings] = useState<readonly Finding[] | null>(null)
  const [isBusy, setBusy] = useState(true)
  const [tested, setTested] = useState<TestOutcome | null>(null)
  const [isTesting, setTesting] = useState(false)

  useEffect(() => {
    let isGone = false
    void acts.run('check.run', null).then((done) => {
      if (isGone) return
      setBusy(false)
      if (done) setFindings(done.findings)
    })
    return () => void (isGone = true)
  }, [acts])
  const again = async (): Promise<void> => {
    setBusy(true)
    const done = await acts.run('check.run', null)
    setBusy(false)
    if (done) setFindings(done.findings)
  }
  const test = async (): Promise<void> => {
    setTesting(true)
    const done = await acts.run('notifications.test', null)
    setTesting(false)
    if (done) setTested(done)
  }

  const count = (verdict: Verdict): number => (findings ?? []).filter((f) => verdictOf(f) === verdict).length
  const bad = count('bad')
  return (
    <div className="scroll">
      <section className="card" aria-labelledby="check-all" aria-busy={isBusy}>
        <h2 id="check-all">Self-test</h2>
        <p role="status">
          {isBusy
            ? 'Looking…'
            : findings === null
              ? 'It could not be done.'
              : bad > 0
                ? `${bad} of ${findings.length} need you.`
                : `Nothing needs you: ${count('well')} of ${findings.length} are well${count('unknown') > 0 ? `, ${count('unknown')} cannot be told from here` : ''}.`}
        </p>
        <ul className="plain findings">
          {[...(findings ?? [])]
            .sort((a, b) => Number(verdictOf(b) === 'bad') - Number(verdictOf(a) === 'bad'))
            .map((one) => {
              const verdict = verdictOf(one)
              return (
                <li key={one.check} className={`finding ${verdict}`}>
                  <span className={`chip ${CHIPS[verdict]}`}>{WORDS[verdict]}</span>
                  <div>
                    <p className="breaks">
                      <strong>{one.check}</strong>
                      <span className="muted">: {one.detail}</span>
                    </p>
                    {one.fix && <p className="breaks">{one.fix}</p>}
                  </div>
                </li>
              )
            })}
        </ul>
        <div className="actions">
          <button className="primary" disabled={isBusy} onClick={() => void again()}>
            Check again
          </button>
          <button onClick={() => void acts.run('app.openLog', null)}>Open the log</button>
        </div>
      </section>
      <section className="card" aria-labelledby="check-notification">
        <h2 id="check-notification">Notifications</h2>
        {snapshot.front.notifies ? (
          <>
            <p className="muted">Only seeing one proves that they arrive.</p>
            <div className="actions">
              <button disabled={isTesting} onClick={() => void test()}>
                Send a test notification
              </button>
            </div>
            <p role="status" className={`after ${tested?.outcome === 'failed' ? 'fault' : ''}`}>
              {isTesting
                ? 'Waiting for the system…'
                : tested && `${TESTED[tested.outcome]} ${tested.detail.replace(/[.\s]*$/, '.')}`}
            </p>
          </>
        ) : (
          <p className="muted">
            The tray app shows them; this front does not. Messages are in Messages all the same.
          </p>
        )}
      </section>
    </div>
  )
}
