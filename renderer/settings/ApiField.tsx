/** Which API is used from the next start on, and which one is now. */
import { useState, type FormEvent } from 'react'
import { useDraft } from '../data/drafts.ts'
import { useSnapshot } from '../data/window.ts'
import { ApiChoice, type ApiKind } from '../parts/ApiChoice.tsx'
import { Button } from '../parts/Button.tsx'
import { Field } from '../parts/Field.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { isAddress } from './api-address.ts'
import css from './ApiField.module.css'
import { setOne } from './change.ts'
import { useSave } from './use-save.ts'

const LATER = 'It is used from the next start of Coord Tray on.'

function InUse() {
  const apiUrl = useSnapshot((all) => all.apiUrl)
  const isServedHere = useSnapshot((all) => all.isServedHere)
  const isWaiting = useSnapshot((all) => all.attention.some((one) => one.kind === 'restart-needed'))
  return (
    <p className={css.now}>
      In use now: <Foreign text={apiUrl} className={css.url} />
      {isServedHere ? ', served here.' : '.'}
      {isWaiting && <strong> What is chosen is used from the next start of Coord Tray on.</strong>}
    </p>
  )
}

export function ApiField() {
  const settings = useSnapshot((all) => all.settings)
  const inUse = useSnapshot((all) => all.apiUrl)
  const save = useSave()
  const [draft, setDraft] = useDraft('settings.apiUrl')
  const [typed, setTyped] = useState<string | null>(draft === '' ? null : draft)
  const [chosen, setChosen] = useState<ApiKind | null>(null)
  const setBy = settings.setBy.apiUrl
  const isLocked = setBy !== undefined
  const saved: ApiKind = settings.apiUrl !== null || isLocked ? 'join' : 'serve'
  const kind = isLocked ? saved : (chosen ?? (typed === null ? saved : 'join'))
  const address = isLocked ? inUse : (typed ?? settings.apiUrl ?? '')
  const isNew = isAddress(address) && address.trim() !== settings.apiUrl

  const forget = (): void => {
    setTyped(null)
    setDraft('')
    setChosen(null)
  }
  const onKind = async (next: ApiKind): Promise<void> => {
    setChosen(next)
    if (next === 'join') return
    if (settings.apiUrl === null) return forget()
    await save(setOne(settings, 'apiUrl', null, `Coordination is served here. ${LATER}`))
    forget()
  }
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!isNew) return
    if (await save(setOne(settings, 'apiUrl', address.trim(), `The address is saved. ${LATER}`))) forget()
  }
  return (
    <Field
      label="Coordination API"
      setBy={setBy}
      hint="Where locks, messages and states of all sessions are."
    >
      {({ labelId }) => (
        <form className={css.api} onSubmit={(event) => void submit(event)}>
          <ApiChoice
            labelledBy={labelId}
            kind={kind}
            onKind={(next) => void onKind(next)}
            address={address}
            onAddress={(text) => {
              setTyped(text)
              setDraft(text)
            }}
            isLocked={isLocked}
            act={
              !isLocked && (
                <Button type="submit" aria-disabled={!isNew}>
                  Save the address
                </Button>
              )
            }
          />
          {kind === 'join' && saved === 'serve' && (
            <p className={css.hint}>Nothing is changed before an address is saved.</p>
          )}
          <InUse />
        </form>
      )}
    </Field>
  )
}
