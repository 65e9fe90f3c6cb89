/** What a person may set. Each change is saved at once, and can be taken back for ten seconds. */
import { counted } from '../../shared/text.ts'
import { useActs, useSnapshot } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import { Field, FieldGroup, Radios } from '../parts/Field.tsx'
import { View } from '../parts/View.tsx'
import { ApiField } from './ApiField.tsx'
import { setOne, type Settings } from './change.ts'
import { ConnectField } from './ConnectField.tsx'
import { Folders } from './Folders.tsx'
import { MachineFields } from './MachineFields.tsx'
import { Quiet } from './Quiet.tsx'
import css from './SettingsView.module.css'
import { useSave } from './use-save.ts'

const QUIT_CHOICES: readonly {
  readonly value: Settings['quitChoice']
  readonly label: string
  readonly said: string
}[] = [
  { value: 'ask', label: 'Ask me', said: 'You are asked when you quit.' },
  { value: 'release', label: 'Release all and quit', said: 'Quitting releases all locks of this machine.' },
  { value: 'keep', label: 'Keep locks and quit', said: 'Quitting keeps all locks of this machine.' },
]

function Quitting() {
  const settings = useSnapshot((all) => all.settings)
  const locksMine = useSnapshot((all) => all.totals.locksMine)
  const save = useSave()
  const acts = useActs()
  return (
    <>
      <Field label="When quitting while locks are held">
        {({ labelId }) => (
          <Radios
            labelledBy={labelId}
            options={QUIT_CHOICES}
            value={settings.quitChoice}
            onChange={(value) => {
              const said = QUIT_CHOICES.find((one) => one.value === value)?.said ?? ''
              return save(setOne(settings, 'quitChoice', value, said))
            }}
          />
        )}
      </Field>
      <Field label="Log" hint="What Coord Tray did, and what went wrong.">
        {() => (
          <div>
            <Button onClick={() => void acts.run('app.openLog', null)}>Open the log</Button>
          </div>
        )}
      </Field>
      <Field label="End Coord Tray" hint="Queued calls stay safe in their folders.">
        {() => (
          <div>
            <Button onClick={() => void acts.run('app.quit', { choice: null, remember: false })}>
              {locksMine > 0 ? `Quit… (${counted(locksMine, 'lock')} held)` : 'Quit…'}
            </Button>
          </div>
        )}
      </Field>
    </>
  )
}

export function SettingsView() {
  return (
    <View title="Settings" sub="Each change is saved at once" isPage>
      <div className={css.settings}>
        <FieldGroup title="This machine">
          <MachineFields />
        </FieldGroup>
        <FieldGroup title="Project folders">
          <Folders />
        </FieldGroup>
        <FieldGroup title="Sessions">
          <ConnectField />
        </FieldGroup>
        <FieldGroup title="API">
          <ApiField />
        </FieldGroup>
        <FieldGroup title="Notifications">
          <Quiet />
        </FieldGroup>
        <FieldGroup title="Coord Tray">
          <Quitting />
        </FieldGroup>
      </div>
    </View>
  )
}
