/** This machine: its names, sessions that nothing else tells of, start at login. */
import { useState, type KeyboardEvent } from 'react'
import { useSnapshot } from '../data/window.ts'
import { CheckField, Field, Said } from '../parts/Field.tsx'
import { addTo, setOne, takeFrom } from './change.ts'
import { MachineNameField } from './MachineNameField.tsx'
import { NameList } from './NameList.tsx'
import { useSave } from './use-save.ts'

function MachineName() {
  const settings = useSnapshot((all) => all.settings)
  const save = useSave()
  const [typed, setTyped] = useState<string | null>(null)
  const name = (typed ?? settings.machineName).trim()
  const commit = async (): Promise<void> => {
    if (typed === null || name === '') return
    if (name === settings.machineName) return setTyped(null)
    if (await save(setOne(settings, 'machineName', name, `This machine is called ${name} from now on.`)))
      setTyped(null)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') void commit()
    else if (event.key === 'Escape') setTyped(null)
  }
  return (
    <MachineNameField
      setBy={settings.setBy.machineName}
      value={typed ?? settings.machineName}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={() => void commit()}
      onKeyDown={onKeyDown}
      said={<Said text={name === '' ? 'A machine has a name: the one before is kept.' : ''} />}
    />
  )
}

function OtherNames() {
  const settings = useSnapshot((all) => all.settings)
  const save = useSave()
  return (
    <Field label="Other names" hint="Sessions with one of these are this machine's, too.">
      {(ids) => (
        <NameList
          hintId={ids.hintId}
          label="Other names of this machine"
          one="name of this machine"
          names={settings.aliases}
          placeholder="OLD-NAME"
          maxLength={200}
          explain={(name) => (name.includes('/') ? 'A machine\u2019s name has no "/".' : undefined)}
          onAdd={(name) => save(addTo(settings, 'aliases', name, `${name} is a name of this machine, too.`))}
          onRemove={(name) =>
            void save(takeFrom(settings, 'aliases', name, `${name} is no name of this machine any more.`))
          }
        />
      )}
    </Field>
  )
}

function Sessions() {
  const settings = useSnapshot((all) => all.settings)
  const save = useSave()
  return (
    <Field
      label="Further sessions"
      hint="Sessions of this machine that no lock, message, queue or hook tells of."
    >
      {(ids) => (
        <NameList
          hintId={ids.hintId}
          label="Further sessions of this machine"
          one="session"
          names={settings.sessions}
          placeholder={`${settings.machineName}/claude-main`}
          maxLength={400}
          onAdd={(name) => save(addTo(settings, 'sessions', name, `Messages for ${name} are shown here.`))}
          onRemove={(name) =>
            void save(takeFrom(settings, 'sessions', name, `${name} is no longer in the list of sessions.`))
          }
        />
      )}
    </Field>
  )
}

function AtLogin() {
  const settings = useSnapshot((all) => all.settings)
  const canStart = useSnapshot((all) => all.front.startsAtLogin)
  const save = useSave()
  if (!canStart) return null
  return (
    <CheckField
      label="Start Coord Tray when I log in"
      hint="Without a window: it is in the tray."
      isOn={settings.startAtLogin === true}
      onChange={(isOn) =>
        save(
          setOne(
            settings,
            'startAtLogin',
            isOn,
            isOn ? 'Coord Tray starts when you log in.' : 'Coord Tray no longer starts when you log in.',
          ),
        )
      }
    />
  )
}

export function MachineFields() {
  return (
    <>
      <MachineName />
      <OtherNames />
      <Sessions />
      <AtLogin />
    </>
  )
}
