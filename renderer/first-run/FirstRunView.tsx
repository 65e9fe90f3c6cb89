/** The first run: what must be known once, then the way to a connected session. "Later" asks again at the next opening. */
import { useEffect, useRef, useState } from 'react'
import { ConnectSessions } from '../connect/ConnectSessions.tsx'
import { firstCall } from '../connect/first-call.ts'
import { useActs, useSnapshot, useWindow } from '../data/window.ts'
import { ApiChoice } from '../parts/ApiChoice.tsx'
import { Button } from '../parts/Button.tsx'
import { CheckField, Field, FieldGroup, Said } from '../parts/Field.tsx'
import { Notices } from '../parts/Notices.tsx'
import { MachineNameField } from '../settings/MachineNameField.tsx'
import { answersOf, firstDraft, lackOf, type Draft } from './draft.ts'
import { FirstFolders } from './FirstFolders.tsx'
import css from './FirstRunView.module.css'

interface PartProps {
  readonly draft: Draft
  readonly set: (part: Partial<Draft>) => void
}

function Machine({ draft, set }: PartProps) {
  const setBy = useSnapshot((all) => all.settings.setBy.machineName)
  return (
    <FieldGroup title="This machine">
      <MachineNameField
        setBy={setBy}
        value={draft.machineName}
        onChange={(event) => set({ machineName: event.target.value })}
      />
    </FieldGroup>
  )
}

function Api({ draft, set }: PartProps) {
  const setBy = useSnapshot((all) => all.settings.setBy.apiUrl)
  const inUse = useSnapshot((all) => all.apiUrl)
  const isLocked = setBy !== undefined
  return (
    <FieldGroup title="API">
      <Field
        label="Coordination API"
        setBy={setBy}
        hint="Where locks, messages and states of all sessions are."
      >
        {({ labelId }) => (
          <ApiChoice
            labelledBy={labelId}
            kind={isLocked ? 'join' : draft.kind}
            onKind={(kind) => set({ kind })}
            address={isLocked ? inUse : draft.address}
            onAddress={(address) => set({ address })}
            isLocked={isLocked}
          />
        )}
      </Field>
    </FieldGroup>
  )
}

function Answers() {
  const settings = useSnapshot((all) => all.settings)
  const front = useSnapshot((all) => all.front)
  const acts = useActs()
  const setUpLater = useWindow((state) => state.setUpLater)
  const setConnecting = useWindow((state) => state.setConnecting)
  const [draft, setDraft] = useState(() => firstDraft(settings))
  const [isTried, setTried] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const set = (part: Partial<Draft>): void => setDraft((was) => ({ ...was, ...part }))
  const lack = lackOf(draft, settings)

  const save = async (): Promise<void> => {
    setTried(true)
    if (lack !== undefined || isBusy) return
    setBusy(true)
    // Before the picture says that it is set up, so that the page goes on here.
    setConnecting(true)
    const done = await acts.run('settings.update', answersOf(draft, { settings, front }))
    setBusy(false)
    if (done === undefined) setConnecting(false)
  }
  return (
    <>
      <header>
        <h1 tabIndex={-1}>Set up Coord Tray</h1>
        <p className={css.sub}>All of this works as it stands, and can be changed later in Settings.</p>
      </header>
      <Machine draft={draft} set={set} />
      <FirstFolders folders={draft.folders} onFolders={(folders) => set({ folders })} />
      <Api draft={draft} set={set} />
      {front.startsAtLogin && (
        <FieldGroup title="Start">
          <CheckField
            label="Start Coord Tray when I log in"
            hint="Without a window: it is in the tray."
            isOn={draft.isAtLogin}
            onChange={(isAtLogin) => set({ isAtLogin })}
          />
        </FieldGroup>
      )}
      <Said text={isTried ? lack : undefined} />
      <div className={css.acts}>
        <Button look="primary" onClick={() => void save()}>
          Save and go on
        </Button>
        <Button isLocal look="quiet" onClick={setUpLater}>
          Later
        </Button>
      </div>
    </>
  )
}

/** The last step: what makes all the rest of use. */
function Connect() {
  const sessions = useSnapshot((all) => all.sessions)
  const setConnecting = useWindow((state) => state.setConnecting)
  const heading = useRef<HTMLHeadingElement>(null)
  const isConnected = firstCall(sessions, null) !== null
  useEffect(() => heading.current?.focus(), [])
  return (
    <>
      <header>
        <h1 tabIndex={-1} ref={heading}>
          Connect your sessions
        </h1>
        <p className={css.sub}>Coord Tray is set up. This is the last step, and Settings has it, too.</p>
      </header>
      <div className={css.panel}>
        <ConnectSessions />
      </div>
      <div className={css.acts}>
        <Button isLocal look={isConnected ? 'primary' : 'plain'} onClick={() => setConnecting(false)}>
          {isConnected ? 'Open the window' : 'Later'}
        </Button>
      </div>
    </>
  )
}

export function FirstRunView() {
  const isConnecting = useWindow((state) => state.isConnecting)
  const isSetUp = useSnapshot((all) => all.settings.isSetUp)
  return (
    <div className={css.window}>
      <main className={css.page}>
        <div className={css.column}>{isSetUp && isConnecting ? <Connect /> : <Answers />}</div>
      </main>
      <Notices />
    </div>
  )
}
