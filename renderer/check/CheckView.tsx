/** The self-test: what is wrong first, each with the way out; then what cannot be told; the rest in one line. */
import { CircleAlert, CircleHelp } from 'lucide-react'
import type { Finding } from '../../shared/protocol.ts'
import { useActs, useCanAct } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell } from '../parts/List.tsx'
import { ShortList } from '../parts/ShortList.tsx'
import { Time } from '../parts/Time.tsx'
import { View } from '../parts/View.tsx'
import css from './CheckView.module.css'
import { headlineOf, toFindings, type Findings } from './findings.ts'
import { TestNotification } from './TestNotification.tsx'
import { useCheck, type Check } from './use-check.ts'

function FindingCells({ finding }: { readonly finding: Finding }) {
  const isBad = finding.isWell === false
  const Icon = isBad ? CircleAlert : CircleHelp
  return (
    <>
      <Cell className={`${css.icon} ${isBad ? css.bad : ''}`}>
        <Icon size={16} strokeWidth={1.8} aria-hidden="true" />
        <span className="hidden">{isBad ? 'Wrong:' : 'Not known:'}</span>
      </Cell>
      <Cell className={css.words}>
        <p className={css.name}>
          <Foreign text={finding.check} />
        </p>
        <p className={css.detail}>
          <Foreign text={finding.detail} />
        </p>
        {finding.fix !== null && (
          <p className={css.fix}>
            <Foreign text={finding.fix} />
          </p>
        )}
      </Cell>
    </>
  )
}

function Group({ title, findings }: { readonly title: string; readonly findings: readonly Finding[] }) {
  if (findings.length === 0) return null
  return (
    <section className={css.group}>
      <h3>{title}</h3>
      <ShortList
        label={title}
        rows={findings}
        // Two folders may have the same name.
        keyOf={(one) => `${one.check} ${findings.indexOf(one)}`}
        draw={(one) => <FindingCells finding={one} />}
      />
    </section>
  )
}

/** What needs nobody, in one line. */
function Fine({ findings }: { readonly findings: readonly Finding[] }) {
  if (findings.length === 0) return null
  return (
    <details className={css.fine}>
      <summary>{findings.length} fine</summary>
      <ul>
        {findings.map((one, at) => (
          <li key={at}>
            <Foreign text={one.check} className={css.name} />
            <Foreign text={one.detail} className={css.detail} />
          </li>
        ))}
      </ul>
    </details>
  )
}

function Head({ check, found }: { readonly check: Check; readonly found: Findings | null }) {
  const { checked, isBusy } = check
  const canAct = useCanAct()
  const unseen = isBusy ? 'Looking…' : canAct ? 'The check could not be done' : 'It cannot be looked at now'
  const title = found ? headlineOf(found) : unseen
  return (
    <div>
      <h2 className={css.title}>{title}</h2>
      <p className={css.sub}>
        {checked ? (
          <>
            Looked at <Time at={checked.at} />
            {isBusy && ', and looking again…'}
          </>
        ) : isBusy ? (
          'At each thing that must be in place. Nothing is changed.'
        ) : canAct ? (
          'Check again, or open the log.'
        ) : (
          'It is looked at when this page reaches Coord Tray again.'
        )}
      </p>
    </div>
  )
}

export function CheckView() {
  const acts = useActs()
  const check = useCheck()
  const found = check.checked && toFindings(check.checked.findings)
  const tools = (
    <>
      <Button aria-disabled={check.isBusy} onClick={() => void (check.isBusy || check.again())}>
        Check again
      </Button>
      <Button look="quiet" onClick={() => void acts.run('app.openLog', null)}>
        Open the log
      </Button>
    </>
  )
  return (
    <View title="Check" tools={tools} isPage>
      <div className={css.check} aria-busy={check.isBusy}>
        <Head check={check} found={found} />
        {found && (
          <>
            <Group title="Wrong" findings={found.bad} />
            <Group title="Cannot be told from here" findings={found.unknown} />
            <Fine findings={found.fine} />
          </>
        )}
        <TestNotification />
      </div>
    </View>
  )
}
